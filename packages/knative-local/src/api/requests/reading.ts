import type { ServerResponse } from 'node:http';
import * as v from 'valibot';
import type { Clock } from '../../clock.ts';
import { apiVersionOf, inVersion, missing } from '../model/kinds.ts';
import { fieldSelector, labelSelector, type Matches } from '../model/selector.ts';
import { StatusError } from '../model/status-error.ts';
import type { LogBook } from '../state/log-book.ts';
import type { Pods } from '../state/pods.ts';
import type { Registry } from '../state/registry.ts';
import { type ApiRequest, type ApiResponse, numberIn, shown } from './request.ts';
import { tableOf } from './table.ts';
import { mostUnread, watch } from './watch.ts';

export interface ReadingOptions {
  registry: Registry;
  pods: Pods;
  book: LogBook;
  clock: Clock;
}

/** Requests that change nothing. */
export interface Reading {
  list(asked: ApiRequest): ApiResponse;
  watch(asked: ApiRequest): undefined;
  /** Undefined for a log, which is a stream. */
  get(asked: ApiRequest): ApiResponse | undefined;
}

export function createReading({ registry, pods, book, clock }: ReadingOptions): Reading {
  return { list, watch: watched, get };

  function list(asked: ApiRequest): ApiResponse {
    const { kind, version } = asked.target;
    const { at, after } = continuation(asked) ?? { at: registry.version, after: '' };
    const all = registry.list(kind.kind, at).filter(selected(asked));
    const left = all.filter(({ metadata: { name } }) => name > after);
    const page = left.slice(0, numberIn(asked.query, 'limit') || undefined);
    const found = page.map((object) => inVersion(kind, object, version));
    const remainingItemCount = left.length - page.length;
    const metadata = {
      resourceVersion: String(at),
      ...(remainingItemCount > 0 && { remainingItemCount, continue: continuing({ at, after: page.at(-1)!.metadata.name }) }),
    };
    const content =
      asked.form === 'table'
        ? tableOf(kind, found, { metadata, now: clock.now(), query: asked.query })
        : { kind: `${kind.kind}List`, apiVersion: apiVersionOf(kind, version), metadata, items: found };
    return { code: 200, content };
  }

  function watched(asked: ApiRequest): undefined {
    const { kind } = asked.target;
    const matches = selected(asked);
    watch(asked.response, {
      registry,
      clock,
      kind: kind.kind,
      matches,
      query: asked.query,
      written: (object) => shown(asked, object, clock.now()),
    });
  }

  function get(asked: ApiRequest): ApiResponse | undefined {
    const { kind, name = '', subresource } = asked.target;
    const object = registry.get(kind.kind, name) ?? missing(kind, name);
    if (subresource !== 'log') return { code: 200, content: shown(asked, object, clock.now()) };
    const container = asked.query.get('container') ?? 'user-container';
    if (container !== 'user-container') throw new StatusError(400, `container ${container} is not valid for pod ${name}`);
    writeLog(asked.response, { book, source: pods.find(name)?.process ?? missing(kind, name), query: asked.query, clock });
    return undefined;
  }
}

/** From where a list goes on: after which name, of those that there were at a version. */
interface Continuation {
  at: number;
  after: string;
}

function continuing(from: Continuation): string {
  return Buffer.from(JSON.stringify(from)).toString('base64url');
}

/** @throws StatusError 400 */
function continuation({ query }: ApiRequest): Continuation | undefined {
  const token = query.get('continue');
  if (!token) return undefined;
  try {
    return v.parse(v.object({ at: v.number(), after: v.string() }), JSON.parse(Buffer.from(token, 'base64url').toString()));
  } catch (cause) {
    throw new StatusError(400, 'continue key is not valid; list again from the start', { cause });
  }
}

function selected({ query, target: { namespace, name } }: ApiRequest): Matches {
  const labels = labelSelector(query.get('labelSelector') ?? '');
  const fields = fieldSelector(query.get('fieldSelector') ?? '');
  return (object) =>
    (namespace === undefined || object.metadata.namespace === namespace) &&
    (name === undefined || object.metadata.name === name) &&
    labels(object) &&
    fields(object);
}

/** Writes the last lines of a process, and with `follow` those that come. */
function writeLog(
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
