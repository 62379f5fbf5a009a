import type { ServerResponse } from 'node:http';
import type { Clock } from '../clock.ts';
import { apiVersionOf, inVersion } from './kinds.ts';
import type { LogBook } from './log-book.ts';
import type { KubeObject } from './object.ts';
import type { Pods } from './pods.ts';
import type { Registry } from './registry.ts';
import { type Answer, type Call, missing, numberIn, shown } from './request.ts';
import { fieldSelector, labelSelector } from './selector.ts';
import { StatusError } from './status-error.ts';
import { metadataOf, tableOf } from './table.ts';
import { mostUnread, watch } from './watch.ts';

export interface ReadingOptions {
  registry: Registry;
  pods: Pods;
  book: LogBook;
  clock: Clock;
}

/** Answers that change nothing. `elsewhere` stands for a namespace that has nothing in it. */
export interface Reading {
  list(call: Call, elsewhere: boolean): Answer;
  watch(call: Call, elsewhere: boolean): undefined;
  /** Undefined for a log, which is a stream. */
  get(call: Call): Answer | undefined;
}

export function createReading({ registry, pods, book, clock }: ReadingOptions): Reading {
  return { list, watch: watched, get };

  function list(call: Call, elsewhere: boolean): Answer {
    const { kind, version } = call.target;
    const matches = selected(call);
    const found = elsewhere
      ? []
      : registry
          .list(kind.kind)
          .filter(matches)
          .map((object) => inVersion(kind, object, version));
    const resourceVersion = String(registry.version);
    if (call.form === 'table')
      return { code: 200, content: tableOf(kind, found, resourceVersion, clock.now(), call.query.get('includeObject')) };
    const metadata = { resourceVersion };
    if (call.form === 'metadata')
      return {
        code: 200,
        content: { kind: 'PartialObjectMetadataList', apiVersion: 'meta.k8s.io/v1', metadata, items: found.map(metadataOf) },
      };
    return { code: 200, content: { kind: `${kind.kind}List`, apiVersion: apiVersionOf(kind, version), metadata, items: found } };
  }

  function watched(call: Call, elsewhere: boolean): undefined {
    const { kind } = call.target;
    const matches = elsewhere ? () => false : selected(call);
    watch(call.response, {
      registry,
      clock,
      kind: kind.kind,
      matches,
      query: call.query,
      written: (object) => shown(call, object, clock.now()),
    });
  }

  function get(call: Call): Answer | undefined {
    const { kind, name = '', subresource } = call.target;
    const object = registry.get(kind.kind, name) ?? missing(call);
    if (subresource !== 'log') return { code: 200, content: shown(call, object, clock.now()) };
    const container = call.query.get('container') ?? 'user-container';
    if (container !== 'user-container') throw new StatusError(400, `container ${container} is not valid for pod ${name}`);
    writeLog(call.response, { book, source: pods.find(name)?.process ?? missing(call), query: call.query, clock });
    return undefined;
  }
}

function selected({ query, target: { name } }: Call): (object: KubeObject) => boolean {
  const labels = labelSelector(query.get('labelSelector') ?? '');
  const fields = fieldSelector(query.get('fieldSelector') ?? '');
  return (object) => (name === undefined || object.metadata.name === name) && labels(object) && fields(object);
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
