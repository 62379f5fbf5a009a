import type { ServerResponse } from 'node:http';
import type { Clock } from '../clock.ts';
import type { Journal } from '../journal/journal.ts';
import { Problem } from './problem.ts';

/** Server-sent events: what is new in journal and topology, while somebody looks. */
export interface Live {
  /** @throws Problem 503 if too many look */
  open(response: ServerResponse): void;
  /** Something about topology or processes has changed. */
  changed(): void;
  close(): void;
}

/** Between two messages, in milliseconds: soon enough to seem immediate; after much news, few, since all that they tell costs time. */
const interval = 200;
const busyInterval = 1000;
const muchNews = 50;
/** Milliseconds. Memory changes without notice, so the topology is looked at now and then. */
const lookInterval = 2000;
/** Beyond this much news at once, it is cheaper to read the list again. */
const mostNews = 500;
const mostViewers = 20;
/** Bytes. Whoever does not read is cut off; a browser comes back. */
const mostUnread = 1024 * 1024;

/** @param topology what the page is told of it */
export function createLive(journal: Journal, topology: () => Promise<object>, clock: Clock): Live {
  const viewers = new Set<ServerResponse>();
  const news = new Set<number>();
  let stale = false;
  let shown = '';
  let looking: AbortController | undefined;

  function begin(): void {
    const stopping = new AbortController();
    looking = stopping;
    const unfollow = journal.follow((number) => void (news.size <= mostNews && news.add(number)));
    stopping.signal.addEventListener('abort', () => {
      unfollow();
      news.clear();
    });
    void look(stopping.signal);
  }

  async function look(signal: AbortSignal): Promise<void> {
    let looked = clock.now();
    let pause = interval;
    while (!signal.aborted) {
      await clock.sleep(pause, signal).catch(() => undefined);
      if (signal.aborted) return;
      pause = news.size > muchNews ? busyInterval : interval;
      tellNews();
      if (!stale && clock.now() - looked < lookInterval) continue;
      looked = clock.now();
      await tellTopology();
    }
  }

  function tellNews(): void {
    if (news.size === 0) return;
    const summaries = news.size > mostNews ? [] : [...news].flatMap((number) => journal.summary(number) ?? []);
    if (news.size > mostNews) tell('flood', '{}');
    else tell('events', JSON.stringify(summaries));
    news.clear();
  }

  async function tellTopology(): Promise<void> {
    stale = false;
    const text = JSON.stringify(await topology());
    if (text === shown) return;
    shown = text;
    tell('topology', text);
  }

  function tell(event: string, data: string): void {
    for (const viewer of viewers) {
      if (viewer.writableLength > mostUnread) viewer.destroy();
      else viewer.write(`event: ${event}\ndata: ${data}\n\n`);
    }
  }

  return {
    open(response) {
      if (viewers.size >= mostViewers) throw new Problem(503, 'The console is open too often. Close one of its tabs.');
      viewers.add(response);
      response.once('close', () => {
        viewers.delete(response);
        if (viewers.size > 0) return;
        looking?.abort();
        looking = undefined;
      });
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write('retry: 1000\n\n');
      if (!looking) begin();
    },
    changed() {
      stale = true;
    },
    close() {
      for (const viewer of viewers) viewer.destroy();
    },
  };
}
