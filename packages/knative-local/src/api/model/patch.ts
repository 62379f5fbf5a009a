import { applyPatch, createPatch, type Operation, Pointer } from 'rfc6902';
import { limits } from '../../limits.ts';
import { type Fields, isFields } from './object.ts';
import { StatusError } from './status-error.ts';

/** JSON Merge Patch (RFC 7396). */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isFields(patch)) return patch;
  const merged: Fields = isFields(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else merged[key] = mergePatch(merged[key], value);
  }
  return merged;
}

/**
 * JSON Patch (RFC 6902).
 * @throws StatusError 422 if an operation cannot be made, 413 if there are too many of them, or copies make an object grow without bounds
 */
export function jsonPatch(target: unknown, patch: unknown): unknown {
  const operations = Array.isArray(patch) ? patch.filter(isFields) : undefined;
  if (!operations || operations.length !== (patch as unknown[]).length)
    throw new StatusError(400, 'a JSON Patch is a list of operations: [{"op": "replace", "path": "/spec/...", "value": ...}]');
  if (operations.length > limits.patchOperations)
    throw new StatusError(
      413,
      `a JSON Patch can have ${limits.patchOperations} operations, and this one has ${operations.length}`,
    );
  let copied = 0;
  const patched: { object: unknown } = { object: structuredClone(target) };
  for (const [index, operation] of operations.entries()) {
    const { path, from } = operation;
    if (typeof path !== 'string' || (from !== undefined && typeof from !== 'string'))
      throw new StatusError(422, `operation ${index} has no path`);
    if (/__proto__|constructor|prototype/.test(`${path}${from ?? ''}`))
      throw new StatusError(422, `operation ${index}: no field can be called so`);
    const within = { ...operation, path: `/object${path}`, ...(typeof from === 'string' && { from: `/object${from}` }) };
    let fault: Error | null | undefined;
    try {
      [fault] = applyPatch(patched, [within as unknown as Operation]);
    } catch (cause) {
      fault = cause as Error;
    }
    if (fault)
      throw new StatusError(
        422,
        `operation ${index} (${String(operation['op'])} ${path}) cannot be made: ${(fault.message || fault.name).replaceAll('/object/', '/')}`,
      );
    if (operation['op'] !== 'copy') continue;
    copied += JSON.stringify(Pointer.fromJSON(within.from ?? '').get(patched)).length;
    if (copied > limits.requestBytes) throw new StatusError(413, `the patch copies more than ${limits.requestBytes} bytes`);
  }
  return patched.object;
}

/**
 * A Strategic Merge Patch of a ConfigMap, Secret or the like, whose maps merge as in a merge patch.
 * @throws StatusError 422 for directives, which only matter for lists that these kinds do not have
 */
export function strategicMergePatch(target: unknown, patch: unknown): unknown {
  const [, directive] = /"(\$\w+)[^"\\]*":/.exec(JSON.stringify(patch)) ?? [];
  if (directive !== undefined) throw new StatusError(422, `the directive ${directive} is not supported; send a merge patch`);
  return mergePatch(target, patch);
}

/** What is compared field by field: lists take time and memory that grow with the square of their length. */
const mostCompared = 32 * 1024;

/** Each field that differs, with its value before (-) and now (+); nothing if there is too much to compare. */
export function differences(before: unknown, now: unknown): string {
  if (JSON.stringify([before, now]).length > mostCompared) return '';
  const lines = createPatch(before, now).map((operation) => {
    const field = operation.path
      .slice(1)
      .replaceAll(/\/(\d+)/g, '[$1]')
      .replaceAll('/', '.');
    const was = operation.op === 'add' ? '' : `\n\t-: ${JSON.stringify(Pointer.fromJSON(operation.path).get(before))}`;
    return `${field}:${was}${'value' in operation ? `\n\t+: ${JSON.stringify(operation.value)}` : ''}`;
  });
  return lines.join('\n');
}
