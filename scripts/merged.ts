/** A piece of a Kubernetes document. */
export interface Fragment {
  [field: string]: unknown;
}

/** Merges one piece into another: fields into fields, list items by name, or by position if they have none. */
export function merged(base: unknown, patch: unknown): unknown {
  if (Array.isArray(base) && Array.isArray(patch)) return mergedLists(base, patch);
  if (!isFragment(base) || !isFragment(patch)) return patch;
  const fields = Object.entries(patch).map(([name, value]) => [name, name in base ? merged(base[name], value) : value]);
  return { ...base, ...Object.fromEntries(fields) };
}

function mergedLists(base: unknown[], patch: unknown[]): unknown[] {
  const result = [...base];
  for (const [place, item] of patch.entries()) {
    const name = isFragment(item) ? item['name'] : undefined;
    const found = name === undefined ? place : result.findIndex((each) => isFragment(each) && each['name'] === name);
    if (found < 0 || found >= result.length) result.push(item);
    else result[found] = merged(result[found], item);
  }
  return result;
}

function isFragment(value: unknown): value is Fragment {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
