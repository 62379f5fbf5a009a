import type { TopologyView } from '../src/console/view.ts';
import type { EventSummary } from '../src/journal/record.ts';
import { element, say } from './dom.ts';

export interface Listener {
  /** Connected, for the first time or again: whatever is known may be old. */
  begin(): void;
  /** New, or with news. */
  events(summaries: EventSummary[]): void;
  /** More was new than could be told. */
  flood(): void;
  topology(view: TopologyView): void;
}

/** Hears what is new, and connects again by itself. */
export function listen(listener: Listener): void {
  const source = new EventSource('/api/live');
  const state = element('#connection');
  source.addEventListener('open', () => {
    say(state, 'Live.');
    listener.begin();
  });
  source.addEventListener('error', () => {
    const ended = source.readyState === EventSource.CLOSED;
    say(state, ended ? 'Ended. Open the address that the runtime shows.' : 'Not connected; trying again.');
  });
  const on = <Content>(name: string, take: (content: Content) => void) =>
    source.addEventListener(name, ({ data }: MessageEvent<string>) => take(JSON.parse(data) as Content));
  on<EventSummary[]>('events', listener.events);
  on<TopologyView>('topology', listener.topology);
  on('flood', listener.flood);
}
