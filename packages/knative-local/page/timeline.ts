import type { EventRecord, EventSummary } from '../src/journal/record.ts';
import { count, duration, element, make, throttle } from './dom.ts';
import { ask, complain } from './server.ts';
import { outlineOf, stepOf } from './step.ts';
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
