import type { EventSummary } from '../src/journal/record.ts';
import { clock, element, make } from './dom.ts';

const rowHeight = 44;
/** Rows that are drawn beyond those that are seen. */
const spare = 5;

/** A list of any length of which only what is seen is drawn. */
export interface List {
  /** The newest first. */
  show(events: readonly EventSummary[]): void;
}

/** @param choose is called with the event that a person chose */
export function createList(choose: (event: EventSummary) => void): List {
  const box = element('#list');
  const rows = element('#rows');
  let events: readonly EventSummary[] = [];
  let chosen: number | undefined;

  function draw(): void {
    const first = Math.max(0, Math.floor(box.scrollTop / rowHeight) - spare);
    const last = Math.ceil((box.scrollTop + box.clientHeight) / rowHeight) + spare;
    rows.style.height = `${events.length * rowHeight}px`;
    rows.replaceChildren(...events.slice(first, last).map((event, index) => rowOf(event, first + index)));
    const active = document.getElementById(`event-${chosen}`);
    if (active) box.setAttribute('aria-activedescendant', active.id);
    else box.removeAttribute('aria-activedescendant');
  }

  function rowOf(event: EventSummary, index: number): HTMLElement {
    const { number, time, type, id, correlation } = event;
    const states = make('span', { className: 'states' }, ...statesOf(event));
    const row = make(
      'div',
      { className: 'row', id: `event-${number}`, role: 'option', ariaSelected: String(number === chosen) },
      make('div', {}, make('span', { className: 'type' }, type || 'without a type'), states),
      make('div', { className: 'faint' }, make('time', {}, clock(time)), make('span', {}, correlation ?? id)),
    );
    row.ariaPosInSet = String(index + 1);
    row.ariaSetSize = String(events.length);
    row.style.top = `${index * rowHeight}px`;
    row.addEventListener('click', () => pick(event));
    return row;
  }

  function pick(event: EventSummary | undefined): void {
    if (!event) return;
    chosen = event.number;
    const top = events.indexOf(event) * rowHeight;
    if (top < box.scrollTop) box.scrollTop = top;
    if (top + rowHeight > box.scrollTop + box.clientHeight) box.scrollTop = top + rowHeight - box.clientHeight;
    draw();
    choose(event);
  }

  box.addEventListener('scroll', draw);
  new ResizeObserver(draw).observe(box);
  box.addEventListener('keydown', (key) => {
    const page = Math.max(1, Math.floor(box.clientHeight / rowHeight) - 1);
    const steps: Record<string, number> = {
      ArrowDown: 1,
      ArrowUp: -1,
      PageDown: page,
      PageUp: -page,
      Home: -Infinity,
      End: Infinity,
    };
    const step = steps[key.key];
    if (step === undefined || events.length === 0) return;
    key.preventDefault();
    const now = events.findIndex(({ number }) => number === chosen);
    pick(events[Math.min(Math.max(now + step, 0), events.length - 1)]);
  });

  return {
    show(next) {
      // What a person reads stays in place while new events come in above it.
      const top = box.scrollTop === 0 ? undefined : events[Math.floor(box.scrollTop / rowHeight)]?.number;
      const before = events.findIndex(({ number }) => number === top);
      events = next;
      const after = top === undefined ? -1 : events.findIndex(({ number }) => number === top);
      rows.style.height = `${events.length * rowHeight}px`;
      if (after >= 0) box.scrollTop += (after - before) * rowHeight;
      draw();
    },
  };
}

const tones: Record<string, string> = { delivered: 'good', 'under way': 'busy', 'dead letter': 'bad', lost: 'bad' };

/** "2 delivered 1 under way", in the colours of the states. */
function statesOf({ refused, deliveries }: EventSummary): (HTMLElement | string)[] {
  if (refused !== undefined) return [make('span', { className: 'bad' }, `refused, ${refused}`)];
  if (deliveries.length === 0) return [make('span', { className: 'faint' }, 'no Trigger')];
  const groups = Map.groupBy(deliveries, ({ state }) => state);
  return [...groups].flatMap(([state, all]) => [
    make('span', { className: tones[state] ?? 'faint' }, `${all.length} ${state}`),
    ' ',
  ]);
}
