import type { IncomingMessage } from 'node:http';
import { type Kind, kinds } from './kinds.ts';
import { StatusError } from './status-error.ts';
import type { Form } from './table.ts';

/** Which object or objects a request is about. */
export interface Target {
  kind: Kind;
  version: string;
  /** Undefined for all of them. */
  namespace: string | undefined;
  name: string | undefined;
  subresource: string | undefined;
}

/** The part of a path that names objects: `/apis/eventing.knative.dev/v1/namespaces/default/triggers/sepia`. Undefined if there is none. */
export function targetOf(path: string): Target | undefined {
  const [, core, group = '', named, rest = ''] = /^\/(?:api\/(v1)|apis\/([\w.-]+)\/(\w+))\/(.+?)\/?$/.exec(path) ?? [];
  const version = core ?? named;
  const steps = rest.split('/').map(decoded);
  const namespace = steps[0] === 'namespaces' && steps.length > 2 ? steps[1] : undefined;
  const [plural, name, subresource, ...more] = namespace === undefined ? steps : steps.slice(2);
  const kind = kinds.find((each) => each.group === group && each.plural === plural && each.versions.includes(version ?? ''));
  if (!kind || version === undefined || more.length > 0) return undefined;
  if (kind.namespaced && namespace === undefined && name !== undefined) return undefined;
  return { kind, version, namespace, name, subresource };
}

function decoded(step: string): string {
  try {
    return decodeURIComponent(step);
  } catch {
    throw new StatusError(400, `${step} is not a valid part of a path`);
  }
}

/**
 * In which form a client wants its answer.
 * @throws StatusError 406
 */
export function formOf({ headers: { accept = '*/*' } }: IncomingMessage): { form: Form; aggregated: boolean } {
  for (const media of accept.split(',')) {
    const [type = '', ...parameters] = media
      .trim()
      .toLowerCase()
      .split(/\s*;\s*/);
    if (!['application/json', 'application/*', '*/*'].includes(type)) continue;
    const wanted = parameters.find((each) => each.startsWith('as='))?.slice(3);
    if (wanted === undefined) return { form: 'object', aggregated: false };
    if (wanted === 'table') return { form: 'table', aggregated: false };
    if (wanted.startsWith('partialobjectmetadata')) return { form: 'metadata', aggregated: false };
    if (wanted === 'apigroupdiscoverylist') return { form: 'object', aggregated: true };
  }
  throw new StatusError(406, 'only the following media types are accepted: application/json');
}

/** @throws StatusError 400 */
export function isDryRun(query: URLSearchParams): boolean {
  const values = query.getAll('dryRun').filter(Boolean);
  if (values.some((value) => value !== 'All'))
    throw new StatusError(400, `dryRun: Unsupported value: ${JSON.stringify(values[0])}: supported values: "All"`);
  return values.length > 0;
}

/** @throws StatusError 400 */
export function numberIn(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null || text === '') return undefined;
  if (/^\d{1,16}$/.test(text)) return Number(text);
  throw new StatusError(400, `${name}: ${JSON.stringify(text)} is not a whole number`);
}
