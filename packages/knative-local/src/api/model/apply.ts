import { canonical, type Fields, isFields, type KubeObject, type ManagedFields } from './object.ts';
import { mergePatch } from './patch.ts';
import { StatusError } from './status-error.ts';

/**
 * Server-side apply: the applied fields take effect, fields that this manager applied earlier and leaves out now go, and all others stay.
 * Lists are taken as a whole.
 * @param force takes fields over that another manager applied with another value
 * @throws StatusError 409 without `force`
 */
export function serverSideApply(
  now: KubeObject | undefined,
  applied: KubeObject,
  { manager, force, time }: { manager: string; force: boolean; time: string },
): KubeObject {
  const { metadata, ...rest } = applied;
  const { managedFields: _, ...described } = metadata;
  const wanted = { ...rest, metadata: described };
  const all = now?.metadata.managedFields ?? [];
  const mine = all.find((each) => each.manager === manager);
  const fields = fieldsOf(withoutNames(wanted));

  const conflicts = all
    .filter((each) => each !== mine)
    .flatMap((each) =>
      leavesOf(each.fieldsV1)
        .filter((path) => has(fields, path))
        .map((path) => ({ manager: each.manager, path })),
    )
    .filter(({ path }) => canonical(at(now, path)) !== canonical(at(wanted, path)));
  if (conflicts.length > 0 && !force) {
    const list = conflicts.map((each) => `conflict with ${JSON.stringify(each.manager)}: .${each.path.join('.')}`).join('\n');
    throw new StatusError(409, `Apply failed with ${conflicts.length} conflict${conflicts.length > 1 ? 's' : ''}: ${list}`);
  }

  const merged = structuredClone(mergePatch(now ?? {}, wanted)) as KubeObject;
  const others = all
    .filter((each) => each !== mine)
    .map((each) => {
      const lost = conflicts.filter((conflict) => conflict.manager === each.manager).map(({ path }) => path);
      return lost.length === 0 ? each : { ...each, fieldsV1: without(each.fieldsV1, lost) };
    });
  for (const path of leavesOf(mine?.fieldsV1 ?? {})) {
    if (!has(fields, path) && !others.some((each) => has(each.fieldsV1, path))) remove(merged, path);
  }
  const unchanged = mine && canonical(mine.fieldsV1) === canonical(fields);
  const entry: ManagedFields = unchanged
    ? mine
    : { manager, operation: 'Apply', apiVersion: applied.apiVersion, time, fieldsType: 'FieldsV1', fieldsV1: fields };
  return { ...merged, metadata: { ...merged.metadata, managedFields: [...others, entry] } };
}

/** The fields that say which object is meant belong to nobody. */
function withoutNames(object: KubeObject): Fields {
  const { apiVersion: _, kind: __, metadata, ...rest } = object;
  const { labels, annotations } = metadata;
  return { ...rest, metadata: { ...(labels && { labels }), ...(annotations && { annotations }) } };
}

/** `{ "f:spec": { "f:broker": {} } }` */
function fieldsOf(value: unknown): Fields {
  if (!isFields(value)) return {};
  // An empty object says nothing.
  const said = Object.entries(value).filter(([, field]) => !isFields(field) || Object.keys(field).length > 0);
  return Object.fromEntries(said.map(([key, field]) => [`f:${key}`, fieldsOf(field)]));
}

function leavesOf(fields: Fields, path: string[] = []): string[][] {
  return Object.entries(fields).flatMap(([key, nested]) => {
    const here = [...path, key.slice(2)];
    return isFields(nested) && Object.keys(nested).length > 0 ? leavesOf(nested, here) : [here];
  });
}

function has(fields: Fields, path: string[]): boolean {
  return (
    at(
      fields,
      path.map((key) => `f:${key}`),
    ) !== undefined
  );
}

function at(value: unknown, path: string[]): unknown {
  return path.reduce<unknown>((parent, key) => (isFields(parent) && Object.hasOwn(parent, key) ? parent[key] : undefined), value);
}

function without(fields: Fields, paths: string[][]): Fields {
  const left = structuredClone(fields);
  for (const path of paths)
    remove(
      left,
      path.map((key) => `f:${key}`),
    );
  return left;
}

/** Removes a field, and parents that are empty without it. */
function remove(object: Fields, [key, ...rest]: string[]): void {
  // What a client says it manages can have any name, even one of JavaScript's own.
  if (!Object.hasOwn(object, key!)) return;
  const child = object[key!];
  if (rest.length > 0 && !isFields(child)) return;
  if (rest.length > 0) remove(child as Fields, rest);
  if (rest.length === 0 || Object.keys(child as Fields).length === 0) delete object[key!];
}
