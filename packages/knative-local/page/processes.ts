import type { ProcessView, TopologyView } from '../src/console/view.ts';
import { count, duration, element, make, say, size } from './dom.ts';
import { act, ask } from './server.ts';
import { isShown } from './tabs.ts';

/** Each process with its memory and restarts, its last lines, and a button that kills it. */
export function createProcesses(): (view: TopologyView) => void {
  const place = element('#processes');
  const cards = new Map<string, Card>();

  return ({ services }) => {
    const present = services.flatMap(({ revisions }) => revisions.flatMap(({ processes }) => processes));
    for (const [id, { root }] of cards) {
      if (present.some((process) => process.id === id)) continue;
      root.remove();
      cards.delete(id);
    }
    for (const process of present) {
      const card = cards.get(process.id) ?? cardOf(process);
      if (!cards.has(process.id)) place.append(card.root);
      cards.set(process.id, card);
      card.update(process);
    }
  };
}

interface Card {
  root: HTMLElement;
  update(process: ProcessView): void;
}

function cardOf({ id, name }: ProcessView): Card {
  const state = make('span', {});
  const facts = make('p', { className: 'faint' });
  const kill = make('button', { ariaLabel: `Kill ${name}` }, 'Kill');
  const lines = make('pre', { tabIndex: 0 });
  const log = make('details', {}, make('summary', {}, 'Last lines'), lines);
  const look = async () => {
    if (!log.open || !isShown('processes')) return;
    const found = await ask<{ text: string }[]>(`processes/${encodeURIComponent(id)}/log`).catch(() => []);
    say(lines, found.map(({ text }) => text).join('\n') || 'It has printed nothing.');
  };
  log.addEventListener('toggle', () => void look());
  kill.addEventListener('click', () => {
    void act('POST', `processes/${encodeURIComponent(id)}/kill`, `${name} was killed. Another takes its place.`);
  });
  const root = make(
    'div',
    { className: 'card' },
    make('div', { className: 'actions' }, make('h3', {}, name), state, kill),
    facts,
    log,
  );
  return {
    root,
    update(process) {
      const { pid, ready, leaving, since, restarts, lastEnd, memory } = process;
      const word = leaving ? 'leaving' : ready ? 'ready' : pid === undefined ? 'restarting' : 'starting';
      say(state, word);
      state.className = word === 'ready' ? 'good' : 'busy';
      kill.disabled = pid === undefined;
      const parts = [
        pid === undefined ? 'no process' : `process ${pid}`,
        memory === undefined ? '' : size(memory),
        pid === undefined ? '' : `up ${duration(Date.now() - since)}`,
        restarts === 0 ? '' : `${count(restarts, 'restart')}; the last one ${lastEnd}`,
      ];
      say(facts, parts.filter(Boolean).join(', '));
      void look();
    },
  };
}
