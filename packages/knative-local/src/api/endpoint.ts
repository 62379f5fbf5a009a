import { type Answer, type Call, notAllowed, verbOf } from './call.ts';
import { subresourcesOf } from './discovery.ts';
import type { Reading } from './reading.ts';
import { notFound } from './resources.ts';
import { StatusError } from './status-error.ts';
import type { Writing } from './writing.ts';

/** Requests about objects. Resolves with undefined if the answer is a stream, which has begun. */
export function createEndpoint(
  reading: Reading,
  writing: Writing,
  namespace: string,
): (call: Call) => Promise<Answer | undefined> {
  return async (call) => {
    const { kind, name, namespace: asked, subresource } = call.target;
    if (subresource !== undefined && !subresourcesOf(kind).includes(subresource))
      throw new StatusError(404, 'the server could not find the requested resource');
    const verb = verbOf(call);
    if (!kind.verbs.includes(verb) || (subresource !== undefined && verb !== 'get')) throw notAllowed(call);
    const elsewhere = asked !== undefined && asked !== namespace;
    if (elsewhere && name !== undefined) throw notFound(kind, name);
    if (elsewhere && verb === 'create')
      throw new StatusError(404, `namespaces ${JSON.stringify(asked)} not found; one machine has one namespace, ${namespace}`);
    switch (verb) {
      case 'list':
        return reading.list(call, elsewhere);
      case 'watch':
        return reading.watch(call, elsewhere);
      case 'get':
        return reading.get(call);
      case 'create':
        return writing.create(call);
      case 'update':
        return writing.update(call);
      case 'patch':
        return writing.patch(call);
      case 'delete':
        return writing.remove(call);
    }
  };
}
