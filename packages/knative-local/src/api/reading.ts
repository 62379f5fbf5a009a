import type { Clock } from '../clock.ts';
import { type Answer, type Call, missing, shown } from './call.ts';
import { apiVersionOf, inVersion } from './kinds.ts';
import type { LogBook } from './log-book.ts';
import type { KubeObject } from './object.ts';
import type { Pods } from './pods.ts';
import type { Registry } from './registry.ts';
import { fieldSelector, labelSelector } from './selector.ts';
import { StatusError } from './status-error.ts';
import { watch, writeLog } from './stream.ts';
import { metadataOf, tableOf } from './table.ts';

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
