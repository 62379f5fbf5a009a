import type { TargetView, TopologyView } from '../src/console/view.ts';
import type { EventSummary } from '../src/journal/record.ts';
import { count, element, make, say } from './dom.ts';
import { glow } from './glow.ts';
import { createLines, type Connection } from './lines.ts';

/** The wiring as a picture, lit where events pass. */
export interface WiringMap {
  draw(view: TopologyView): void;
  /** Something happened to an event. */
  light(now: EventSummary, before: EventSummary | undefined): void;
}

export function createMap(): WiringMap {
  const board = element('#board');
  const nodes = new Map<string, HTMLElement>();
  const lines = createLines(board);
  let drawn = '';
  let targets = new Map<string, string>();
  let brokers: ReadonlyMap<string, string> = new Map();

  function node(key: string, title: string, ...notes: (string | HTMLElement)[]): HTMLElement {
    const made = make('li', { className: 'node' }, make('b', {}, title), ...notes.map((note) => make('small', {}, note)));
    nodes.set(key, made);
    return made;
  }

  function pingNode({ name, schedule, sink }: TopologyView['pings'][number]): HTMLElement {
    return node(`ping ${name}`, name, `PingSource, ${schedule}`, targetNote(sink));
  }

  function draw(view: TopologyView): void {
    const { brokers: names, pings, triggers, services } = view;
    const shape = JSON.stringify([
      names,
      pings,
      triggers,
      services.map(({ name, url, revisions }) => [name, url, sharesOf(revisions)]),
    ]);
    if (shape !== drawn) {
      drawn = shape;
      nodes.clear();
      const open = services.filter(({ url }) => url !== undefined);
      const urls = triggers.flatMap(({ subscriber }) => (subscriber.kind === 'url' ? subscriber.name : []));
      targets = new Map([
        ...triggers.map(({ name, subscriber }) => [`trigger ${name}`, keyOf(subscriber)] as const),
        ...pings.map(({ name, sink }) => [`ping ${name}`, keyOf(sink)] as const),
      ]);
      brokers = new Map(triggers.map(({ name, broker }) => [name, broker]));
      board.replaceChildren(
        lines.root,
        column('Sources', [
          ...open.map(({ name, url }) =>
            node(`open ${name}`, name, make('a', { href: url!, target: '_blank', rel: 'noopener' }, url!)),
          ),
          ...pings.filter(isForBroker).map(pingNode),
        ]),
        column(
          'Brokers',
          names.map((name) =>
            node(`broker ${name}`, name, 'Broker', ...deadLettersOf(triggers.filter(({ broker }) => broker === name))),
          ),
        ),
        column('Triggers', [
          ...triggers.map(({ name, filter, subscriber }) => node(`trigger ${name}`, name, filter, targetNote(subscriber))),
          ...pings.filter((ping) => !isForBroker(ping)).map(pingNode),
        ]),
        column('Services', [
          ...services.map(({ name, revisions }) => node(`service ${name}`, name, ...sharesOf(revisions), processNote())),
          ...[...new Set(urls)].map((url) => node(`url ${url}`, url, 'URL')),
        ]),
      );
      lines.draw(connectionsOf(view));
    }
    for (const { name, revisions } of services) {
      const processes = revisions.flatMap((revision) => revision.processes);
      const ready = processes.filter((process) => process.ready).length;
      const text = `${ready} of ${processes.length} ready`;
      say(nodes.get(`service ${name}`)!.querySelector<HTMLElement>('.processes')!, text);
    }
    say(element('#summary'), `${count(services.length, 'service')}, ${count(triggers.length, 'Trigger')}`);
  }

  function connectionsOf({ triggers, pings, services, brokers: names }: TopologyView): Connection[] {
    const between = (from: string, to: string) => ({ key: `${from} > ${to}`, from: nodes.get(from), to: nodes.get(to) });
    const publishers = services.filter(({ url }) => url !== undefined);
    return [
      ...publishers.flatMap(({ name }) => names.map((broker) => between(`open ${name}`, `broker ${broker}`))),
      ...triggers.flatMap(({ name, broker, subscriber }) => [
        between(`broker ${broker}`, `trigger ${name}`),
        between(`trigger ${name}`, keyOf(subscriber)),
      ]),
      ...pings.map(({ name, sink }) => between(`ping ${name}`, keyOf(sink))),
    ].flatMap(({ key, from, to }) => (from && to ? { key, from, to } : []));
  }

  return {
    draw,
    light(now, before) {
      if (!before) glow(nodes.get(now.origin));
      now.deliveries.forEach(({ trigger, state, attempts }, index) => {
        const was = before?.deliveries[index];
        if (was?.state === state && was.attempts === attempts) return;
        const sender = now.origin.startsWith('ping ') ? now.origin : `trigger ${trigger}`;
        const target = targets.get(sender);
        for (const key of [sender, target]) glow(key === undefined ? undefined : nodes.get(key));
        lines.light(`broker ${brokers.get(trigger)} > ${sender}`);
        lines.light(`${sender} > ${target}`);
      });
    },
  };
}

function column(title: string, children: HTMLElement[]): HTMLElement {
  return make('ul', { ariaLabel: title }, ...children);
}

function sharesOf(revisions: TopologyView['services'][number]['revisions']): string[] {
  const reached = revisions.filter(({ percent, tags }) => percent > 0 || tags.length > 0);
  return reached.length < 2 ? [] : reached.map(({ name, percent }) => `${name} ${percent} %`);
}

/** Only these go through a Broker; others stand where Triggers stand. */
function isForBroker({ sink }: TopologyView['pings'][number]): boolean {
  return sink.kind === 'broker';
}

function deadLettersOf(triggers: TopologyView['triggers']): string[] {
  const sinks = new Set(triggers.flatMap(({ deadLetterSink }) => deadLetterSink?.name ?? []));
  return [...sinks].map((name) => `dead letters to ${name}`);
}

/** For whoever sees no lines. */
function targetNote({ name }: TargetView): HTMLElement {
  return make('span', { className: 'target' }, `to ${name}`);
}

function processNote(): HTMLElement {
  return make('span', { className: 'processes' });
}

function keyOf({ kind, name }: TargetView): string {
  return `${kind} ${name}`;
}
