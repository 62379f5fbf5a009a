import type { ServerResponse } from 'node:http';
import type { Clock } from '../clock.ts';
import type { KubeObject } from './object.ts';
import type { LogBook } from './log-book.ts';
import type { Happening, Registry } from './registry.ts';
import { numberIn } from './request.ts';
import type { Matches } from './selector.ts';

/** A client that reads slower than this much piles up is let go; it asks again from where it was. */
const mostUnread = 4 * 1024 * 1024;
const bookmarkPause = 60_000;
const longestWatch = 3600;

export interface WatchOptions {
  registry: Registry;
  clock: Clock;
  kind: string;
  matches: Matches;
  query: URLSearchParams;
  /** How an object is written. */
  written: (object: KubeObject) => object;
}

/** Writes what happens to objects, line by line, until the client has enough. */
export function watch(response: ServerResponse, { registry, clock, kind, matches, query, written }: WatchOptions): void {
  const from = numberIn(query, 'resourceVersion');
  const withInitial = from === undefined || from === 0 || query.get('sendInitialEvents') === 'true';
  const missed = withInitial ? [] : registry.since(from);
  const bookmarks = query.get('allowWatchBookmarks') === 'true';
  const seconds = Math.min(numberIn(query, 'timeoutSeconds') || longestWatch, longestWatch);
  const ended = new AbortController();
  const unsubscribe = registry.subscribe(tell);
  response.once('close', () => {
    ended.abort();
    unsubscribe();
  });

  response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
  if (withInitial) for (const object of registry.list(kind).filter(matches)) send('ADDED', object);
  for (const happening of missed) tell(happening);
  if (query.get('sendInitialEvents') === 'true') bookmark({ 'k8s.io/initial-events-end': 'true' });
  void keepUp();

  function tell({ type, object, before }: Happening): void {
    if (object.kind !== kind) return;
    const now = type !== 'DELETED' && matches(object);
    const then = before !== undefined && matches(before);
    if (type === 'DELETED' ? then || matches(object) : then && !now) send('DELETED', object);
    else if (now) send(then ? 'MODIFIED' : 'ADDED', object);
  }

  function send(type: string, object: KubeObject): void {
    if (response.writableLength > mostUnread) return void response.destroy();
    response.write(`${JSON.stringify({ type, object: written(object) })}\n`);
  }

  function bookmark(annotations?: Record<string, string>): void {
    const metadata = { name: '', resourceVersion: String(registry.version), ...(annotations && { annotations }) };
    response.write(`${JSON.stringify({ type: 'BOOKMARK', object: { kind, apiVersion: 'v1', metadata } })}\n`);
  }

  async function keepUp(): Promise<void> {
    const end = clock.now() + seconds * 1000;
    while (!ended.signal.aborted && clock.now() < end) {
      await clock.sleep(Math.min(bookmarkPause, end - clock.now()), ended.signal).catch(() => undefined);
      if (bookmarks && !ended.signal.aborted) bookmark();
    }
    response.end();
  }
}

/** Writes the last lines of a process, and with `follow` those that come. */
export function writeLog(
  response: ServerResponse,
  { book, source, query, clock }: { book: LogBook; source: string; query: URLSearchParams; clock: Clock },
): void {
  const tail = numberIn(query, 'tailLines') ?? Infinity;
  const seconds = numberIn(query, 'sinceSeconds');
  const since = seconds === undefined ? Date.parse(query.get('sinceTime') ?? '') || 0 : clock.now() - seconds * 1000;
  const stamped = query.get('timestamps') === 'true';
  const write = ({ time, text }: { time: number; text: string }) => {
    if (response.writableLength > mostUnread) return void response.destroy();
    response.write(`${stamped ? `${new Date(time).toISOString()} ` : ''}${text}\n`);
  };
  const lines = book.linesOf(source).filter(({ time }) => time >= since);
  response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' }).flushHeaders();
  for (const line of tail === 0 ? [] : lines.slice(-tail)) write(line);
  if (query.get('follow') !== 'true') return void response.end();
  response.once('close', book.follow(source, write));
}
