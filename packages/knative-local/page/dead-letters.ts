import type { DeadLetterView } from '../src/console/view.ts';
import type { EventSummary } from '../src/journal/record.ts';
import { clock, count, element, make, throttle } from './dom.ts';
import { act, ask, complain } from './server.ts';
import { isShown } from './tabs.ts';

/** Dead letters: those that the project keeps, and those of the journal. */
export interface DeadLetterList {
  refresh(): void;
}

export function createDeadLetterList(open: (event: EventSummary) => void): DeadLetterList {
  const place = element('#dead-letters');
  let drawn = '';
  const load = throttle(2000, () => void look());

  async function look(): Promise<void> {
    if (!isShown('dead-letters')) return;
    try {
      const { kept, list } = await ask<{ kept: boolean; list: DeadLetterView[] }>('dead-letters');
      const [dead, lost] = await Promise.all(
        ['dead letter', 'lost'].map((state) => ask<EventSummary[]>(`events?limit=200&state=${encodeURIComponent(state)}`)),
      );
      draw(kept, list, [...dead!, ...lost!]);
    } catch (error) {
      complain(error);
    }
  }

  function draw(kept: boolean, list: DeadLetterView[], events: EventSummary[]): void {
    const text = JSON.stringify([list, events]);
    if (text === drawn) return;
    drawn = text;
    place.replaceChildren(...(kept ? keptOf(list) : []), make('h3', {}, 'In the journal'), ...events.map(eventOf));
    if (events.length === 0)
      place.append(make('p', { className: 'hint' }, 'Every event of the journal has arrived, or may still do so.'));
  }

  function keptOf(list: DeadLetterView[]): HTMLElement[] {
    const all = make('button', {}, 'Replay all');
    all.addEventListener('click', () => void replay(list));
    const title = make(
      'div',
      { className: 'actions' },
      make('h3', {}, `${count(list.length, 'dead letter')} kept`),
      ...(list.length > 1 ? [all] : []),
    );
    return [title, ...list.map(cardOf)];
  }

  function cardOf(deadLetter: DeadLetterView): HTMLElement {
    const { name, type, subscriber, reason, at, correlation } = deadLetter;
    const button = make('button', { ariaLabel: `Replay ${name}` }, 'Replay');
    button.addEventListener('click', () => void replay([deadLetter]));
    return make(
      'div',
      { className: 'card' },
      make('div', { className: 'actions' }, make('b', {}, `${type} to ${subscriber}`), button),
      make('p', { className: 'bad' }, reason),
      make('p', { className: 'faint' }, [clock(at), correlation, name].filter(Boolean).join(', ')),
    );
  }

  async function replay(list: DeadLetterView[]): Promise<void> {
    for (const { name } of list) {
      if (!(await act('POST', `dead-letters/${encodeURIComponent(name)}/replay`, `${name} was sent again.`))) break;
    }
    load();
  }

  function eventOf(event: EventSummary): HTMLElement {
    const { type, time, correlation, id, deliveries } = event;
    const button = make('button', {}, 'Timeline');
    button.addEventListener('click', () => open(event));
    const failed = deliveries.filter(({ state }) => state === 'dead letter' || state === 'lost');
    return make(
      'div',
      { className: 'card' },
      make('div', { className: 'actions' }, make('b', {}, type), button),
      make('p', { className: 'bad' }, failed.map(({ trigger, state }) => `${trigger}: ${state}`).join(', ')),
      make('p', { className: 'faint' }, `${clock(time)}, ${correlation ?? id}`),
    );
  }

  place.addEventListener('shown', load);
  return { refresh: load };
}
