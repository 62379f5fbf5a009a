import type { AttemptRecord, DeliveryRecord, EventRecord, EventSummary } from '../src/journal/record.ts';
import { clock, count, duration, element, make, throttle } from './dom.ts';
import { ask, complain } from './server.ts';
import { isShown, show } from './tabs.ts';

/** The chain of one event, from the first event to the last attempt. */
export interface Timeline {
  open(event: EventSummary): void;
  /** Something is new: these events, as far as it is known. */
  refresh(news?: EventSummary[]): void;
}

export function createTimeline(openEvent: (number: number) => void): Timeline {
  const place = element('#timeline');
  let chosen: EventSummary | undefined;
  let drawn = '';
  let timer = 0;
  const load = throttle(500, () => void look());

  async function look(): Promise<void> {
    if (!chosen || !isShown('timeline')) return;
    const { number } = chosen;
    try {
      const chain = await ask<EventRecord[]>(`events/${number}/chain`);
      if (number === chosen?.number) draw(chain);
    } catch (error) {
      complain(error);
      // What is shown stays, and is asked for no more.
      if (number === chosen?.number) chosen = undefined;
    }
  }

  function draw(chain: EventRecord[]): void {
    const text = JSON.stringify(chain) + chosen!.number;
    // While something is under way, its bar grows.
    clearTimeout(timer);
    if (!chain.every(isOver)) timer = setTimeout(load, 1000);
    else if (text === drawn) return;
    drawn = text;
    const focused = document.activeElement?.id;
    const outline = outlineOf(chain);
    const { begin, end } = outline;
    const attempts = chain.flatMap(({ deliveries }) => deliveries.flatMap((delivery) => delivery.attempts));
    const title = `${chosen!.correlation ?? chosen!.id}: ${count(chain.length, 'event')}, ${count(attempts.length, 'attempt')}, ${duration(end - begin)}`;
    place.replaceChildren(make('h3', {}, title), ...chain.map((event) => stepOf(event, outline, openEvent)));
    // A person who has tabbed to an event stays there.
    if (focused?.startsWith('step-')) document.getElementById(focused)?.focus();
  }

  place.addEventListener('shown', load);
  return {
    open(event) {
      chosen = event;
      show('timeline');
      load();
    },
    refresh(news) {
      const { correlation } = chosen ?? {};
      // A chain of replies may go on with any event.
      if (!news || correlation === undefined || news.some((event) => event.correlation === correlation)) load();
    },
  };
}

function isOver({ deliveries }: EventRecord): boolean {
  return deliveries.every(({ state }) => state !== 'under way');
}

function endOf({ time, deliveries }: EventRecord): number {
  return Math.max(time, ...deliveries.map(({ end }) => end ?? Date.now()));
}

/** What the steps of a chain need to know of each other. */
interface Outline {
  begin: number;
  end: number;
  /** The first with the same identity: what comes again has been sent again. */
  firsts: Map<string, number>;
  /** Deliveries that had a reply. */
  answered: Set<string>;
}

function outlineOf(chain: EventRecord[]): Outline {
  const begin = chain[0]!.time;
  return {
    begin,
    end: Math.max(begin + 1, ...chain.map(endOf)),
    firsts: new Map(chain.toReversed().map((event) => [identityOf(event), event.number])),
    answered: new Set(chain.flatMap(({ cause }) => (cause ? `${cause.event} ${cause.trigger}` : []))),
  };
}

/** By the specification of CloudEvents. */
function identityOf({ attributes: { source, id } }: EventRecord): string {
  return JSON.stringify([source, id]);
}

function stepOf(event: EventRecord, outline: Outline, open: (number: number) => void): HTMLElement {
  const { number, time, attributes, cause, origin, refusal, deliveries } = event;
  const title = make('button', { id: `step-${number}` }, `${attributes['type'] ?? 'without a type'} `);
  title.addEventListener('click', () => open(number));
  const whence = cause ? `reply to event ${cause.event} by ${cause.trigger}` : origin;
  const first = outline.firsts.get(identityOf(event))!;
  const again = first === number ? '' : `, event ${first} sent again`;
  const about = make(
    'span',
    { className: 'faint' },
    ` ${clock(time)}, after ${duration(time - outline.begin)}, ${whence}${again}`,
  );
  const isAnswered = ({ trigger }: DeliveryRecord) => outline.answered.has(`${number} ${trigger}`);
  const rows = deliveries.map((delivery) => deliveryOf(delivery, isAnswered(delivery), outline));
  if (refusal) rows.push(make('p', { className: 'bad' }, `Refused with ${refusal.status}: ${refusal.reason}.`));
  else if (rows.length === 0) rows.push(make('p', { className: 'faint' }, 'No Trigger wanted it.'));
  return make('div', { className: 'step' }, title, about, ...rows);
}

const tones: Record<DeliveryRecord['state'], string> = {
  delivered: 'good',
  'under way': 'busy',
  'dead letter': 'bad',
  lost: 'bad',
  stopped: 'faint',
};

function deliveryOf(delivery: DeliveryRecord, isAnswered: boolean, { begin, end }: Outline): HTMLElement {
  const { trigger, subscriber, state, attempts, reason } = delivery;
  const whole = end - begin;
  const bars = attempts.map((attempt) => {
    const bar = make('i', { className: toneOf(attempt) });
    bar.style.left = `${((attempt.begun - begin) / whole) * 100}%`;
    bar.style.width = `${((attempt.duration ?? Date.now() - attempt.begun) / whole) * 100}%`;
    return bar;
  });
  const track = make('div', { className: 'track', ariaHidden: 'true' }, ...bars);
  const to = trigger === subscriber ? trigger : `${trigger} → ${subscriber}`;
  const failed = (state === 'dead letter' || state === 'lost') && reason ? ` (${reason})` : '';
  const silent = state === 'delivered' && !isAnswered ? ', no reply' : '';
  return make(
    'div',
    {},
    make('span', {}, `${to}: `),
    make('span', { className: tones[state] }, `${state}${failed}${silent}`),
    track,
    make('ol', { className: 'attempts faint' }, ...attempts.map((attempt) => make('li', {}, sentence(attempt, subscriber)))),
  );
}

function toneOf({ duration: took, reason }: AttemptRecord): string {
  if (took === undefined) return 'busy';
  return reason === undefined ? 'good' : 'bad';
}

/** "503 after 12 ms, again in 1.0 s" */
function sentence({ destination, status, duration: took, reason, wait }: AttemptRecord, subscriber: string): string {
  const to = destination === subscriber ? '' : `to the dead letter sink ${destination}: `;
  if (took === undefined) return `${to}under way`;
  const result = reason ?? String(status ?? 'stopped');
  const again = wait === undefined ? '' : `, again in ${duration(wait)}`;
  return `${to}${result} after ${duration(took)}${again}`;
}
