import * as v from 'valibot';
import { duration } from './duration.ts';
import { attributes, filter } from './filters.ts';

export const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const metadata = v.object({ name: v.pipe(v.string(), v.minLength(1)) });
const values = v.record(v.string(), v.string('must be text: put it in quotes'));

/** Where events go: a Service or a Broker by name, or a URL. */
export const destination = v.pipe(
  v.strictObject({
    ref: v.optional(
      v.object({
        apiVersion: v.optional(v.string()),
        kind: v.picklist(['Service', 'Broker'], 'must be a Knative Service or a Broker'),
        name: v.string(),
      }),
    ),
    uri: v.optional(
      v.pipe(
        v.string(),
        v.check((text) => /^https?:\/\//.test(text) && URL.canParse(text), 'must be an absolute http URL'),
      ),
    ),
  }),
  v.check(({ ref, uri }) => (ref === undefined) !== (uri === undefined), 'needs either ref or uri'),
);

export const delivery = v.strictObject({
  retry: v.optional(count),
  backoffPolicy: v.optional(v.picklist(['linear', 'exponential'])),
  backoffDelay: v.optional(duration),
  timeout: v.optional(duration),
  deadLetterSink: v.optional(destination),
});

export const broker = v.object({
  metadata,
  spec: v.optional(v.strictObject({ config: v.optional(v.unknown()), delivery: v.optional(delivery) })),
});

export const trigger = v.object({
  metadata,
  spec: v.strictObject({
    broker: v.string(),
    filter: v.optional(v.strictObject({ attributes: v.optional(attributes) })),
    filters: v.optional(v.array(filter)),
    subscriber: destination,
    delivery: v.optional(delivery),
  }),
});

export const pingSource = v.object({
  metadata,
  spec: v.strictObject({
    schedule: v.string(),
    timezone: v.optional(v.string()),
    contentType: v.optional(v.string()),
    data: v.optional(v.string('must be text: put it in quotes')),
    sink: destination,
  }),
});

/** An entry in the catalogue of events that somebody emits. v1beta3 has the type among the attributes; earlier versions have it in a separate field. */
export const eventType = v.object({
  metadata,
  spec: v.object({
    type: v.optional(v.string()),
    attributes: v.optional(v.array(v.object({ name: v.string(), value: v.optional(v.string()) }))),
  }),
});

export const configMap = v.object({ metadata, data: v.optional(values) });

const encoded = v.pipe(
  v.string('must be text: put it in quotes'),
  v.check((text) => {
    const letters = text.replaceAll(/\s/g, '');
    return Buffer.from(letters, 'base64').toString('base64') === letters;
  }, 'must be base64; text as it is belongs in stringData'),
);
export const secret = v.object({ data: v.optional(v.record(v.string(), encoded)), stringData: v.optional(values) });

const keyRef = v.object({ name: v.string(), key: v.string(), optional: v.optional(v.boolean()) });

/** Only HTTP probes are supported here. */
export const probe = v.object({
  httpGet: v.optional(v.object({ path: v.optional(v.string()) })),
  periodSeconds: v.optional(count),
  timeoutSeconds: v.optional(count),
  failureThreshold: v.optional(count),
});

export const container = v.object({
  image: v.optional(v.string()),
  readinessProbe: v.optional(probe),
  livenessProbe: v.optional(probe),
  env: v.optional(
    v.array(
      v.object({
        name: v.pipe(v.string(), v.regex(/^[^=\0]+$/, 'must be the name of a variable')),
        value: v.optional(v.pipe(v.string('must be text: put it in quotes'), v.excludes('\0', 'must not have a NUL character'))),
        valueFrom: v.optional(v.object({ configMapKeyRef: v.optional(keyRef), secretKeyRef: v.optional(keyRef) })),
      }),
    ),
  ),
  envFrom: v.optional(
    v.array(
      v.object({
        configMapRef: v.optional(v.object({ name: v.string() })),
        secretRef: v.optional(v.object({ name: v.string() })),
      }),
    ),
  ),
});

const template = v.object({
  metadata: v.optional(v.object({ name: v.optional(v.string()), annotations: v.nullish(values) })),
  spec: v.object({
    containerConcurrency: v.optional(count),
    containers: v.pipe(v.array(container), v.length(1, 'takes exactly one container')),
  }),
});

export const service = v.object({
  metadata,
  spec: v.object({
    // Without a template, it only says how traffic is split.
    template: v.optional(template),
    traffic: v.optional(
      v.array(
        v.object({
          revisionName: v.optional(v.string()),
          latestRevision: v.optional(v.boolean()),
          tag: v.optional(
            v.pipe(v.string(), v.regex(/^[a-z]([-a-z0-9]*[a-z0-9])?$/, 'must be lower-case letters, digits and dashes')),
          ),
          percent: v.optional(v.pipe(count, v.maxValue(100))),
        }),
      ),
    ),
  }),
});
