import type { EventSummary } from '../src/journal/record.ts';
import { count, element, say, throttle } from './dom.ts';
import type { List } from './list.ts';
import { ask, complain } from './server.ts';

/** As many as the runtime keeps. */
const most = 10_000;
const piece = 1000;
/** Of a flood: more than can be seen at once. */
const glimpse = 100;

/** The events that the page knows: all of the latest, or those that a person looks for. */
export interface KnownEvents {
  reload(): void;
  /** Something has just happened. */
  take(summaries: EventSummary[]): void;
  /** So much has just happened that only the latest is worth a look, until it is over. */
  skim(): void;
}

/** @param heard is told of what happens, and what was known of it before */
export function createKnownEvents(list: List, heard: (now: EventSummary, before: EventSummary | undefined) => void): KnownEvents {
  const wanted = element<HTMLInputElement>('#wanted');
  const state = element<HTMLSelectElement>('#state');
  const known = new Map<number, EventSummary>();
  /** Which reading is the latest: an older one has nothing more to say. */
  let reading = 0;
  const isFiltered = () => wanted.value.trim() !== '' || state.value !== '';
  const draw = throttle(500, () => {
    if (!isFiltered()) show([...known.values()].sort((one, other) => other.number - one.number).slice(0, most));
  });
  const findAgain = throttle(700, () => void look());

  function show(events: EventSummary[]): void {
    list.show(events);
    // Only the answer to a question is read out, not every event that comes in.
    element('#found').ariaLive = isFiltered() ? 'polite' : 'off';
    say(
      element('#found'),
      `${count(events.length, 'event')}${isFiltered() && events.length >= piece ? ', the newest of those' : ''}`,
    );
  }

  async function look(): Promise<void> {
    if (!isFiltered()) return draw();
    const mine = (reading += 1);
    const [, name, value] = /^([a-z0-9]+)\s*=\s*(.*)$/.exec(wanted.value.trim()) ?? [];
    const query = new URLSearchParams();
    if (name) query.set('name', name);
    if (value ?? wanted.value.trim()) query.set('value', value ?? wanted.value.trim());
    if (state.value) query.set('state', state.value);
    try {
      const found = await ask<EventSummary[]>(`events?${query}`);
      if (mine === reading && isFiltered()) show(found);
    } catch (error) {
      complain(error);
    }
  }

  async function load(): Promise<void> {
    let before = '';
    for (let loaded = 0; loaded < most; loaded += piece) {
      const found = await ask<EventSummary[]>(`events?limit=${piece}${before}`);
      // What was heard meanwhile is newer.
      for (const event of found) if (progress(event) >= progress(known.get(event.number))) learn(event);
      if (found.length < piece) break;
      before = `&before=${found.at(-1)!.number}`;
    }
  }

  function learn(event: EventSummary): void {
    known.set(event.number, event);
    if (known.size > most * 1.1) forget();
    draw();
  }

  function forget(): void {
    const numbers = [...known.keys()].sort((one, other) => one - other);
    for (const number of numbers.slice(0, known.size - most)) known.delete(number);
  }

  wanted.addEventListener('input', findAgain);
  state.addEventListener('change', findAgain);
  element('#filter').addEventListener('submit', (event) => event.preventDefault());

  function take(summaries: EventSummary[]): void {
    for (const summary of summaries) {
      heard(summary, known.get(summary.number));
      learn(summary);
    }
    if (isFiltered()) findAgain();
  }

  const glance = throttle(1000, () => void ask<EventSummary[]>(`events?limit=${glimpse}`).then(take, complain));
  let calm = 0;

  function reload(): void {
    load().catch(complain);
    if (isFiltered()) findAgain();
  }

  return {
    reload,
    take,
    skim() {
      glance();
      clearTimeout(calm);
      calm = setTimeout(reload, 2500);
    },
  };
}

/** Events only ever have more to tell. */
function progress(event: EventSummary | undefined): number {
  if (!event) return 0;
  return event.deliveries.reduce((sum, { attempts, end }) => sum + 1 + attempts + (end === undefined ? 0 : 1), 0);
}
