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

/** Hears what is new while the page can be seen, and connects again by itself. A hidden page costs nothing. */
export function listen(listener: Listener): void {
  const state = element('#connection');
  let source: EventSource | undefined;

  function connect(): void {
    source = new EventSource('/api/live');
    source.addEventListener('open', () => {
      say(state, 'Live.');
      listener.begin();
    });
    source.addEventListener('error', ({ target }) => {
      const ended = (target as EventSource).readyState === EventSource.CLOSED;
      say(state, ended ? 'Ended. Open the address that the runtime shows.' : 'Not connected; trying again.');
    });
    on<EventSummary[]>('events', listener.events);
    on<TopologyView>('topology', listener.topology);
    on('flood', listener.flood);
  }

  function on<Content>(name: string, take: (content: Content) => void): void {
    source?.addEventListener(name, ({ data }: MessageEvent<string>) => take(JSON.parse(data) as Content));
  }

  function follow(): void {
    if (!document.hidden) return connect();
    source?.close();
    say(state, 'Paused while nobody sees it.');
  }

  document.addEventListener('visibilitychange', follow);
  follow();
}
