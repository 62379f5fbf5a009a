import type { ServerResponse } from 'node:http';
import type { Clock } from '../../clock.ts';
import type { KubeObject } from '../model/object.ts';
import type { Matches } from '../model/selector.ts';
import type { Happening, Registry } from '../state/registry.ts';
import { numberIn } from './request.ts';

/** A client that reads slower than this much piles up is let go; it asks again from where it was. */
export const mostUnread = 4 * 1024 * 1024;
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
