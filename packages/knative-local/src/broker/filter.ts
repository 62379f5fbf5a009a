import type { Filter } from '../manifest/filters.ts';
import type { TriggerSpec } from '../manifest/topology.ts';
import type { CloudEvent } from './event.ts';
import { headerSafe } from './structured.ts';

/** Whether an event matches a Trigger. Without a filter, every event does. */
export function matches({ attributes, filters }: Pick<TriggerSpec, 'attributes' | 'filters'>, event: CloudEvent): boolean {
  const exact = Object.entries(attributes).every(([name, wanted]) => {
    const value = event.attributes.get(name);
    return wanted === '' ? Boolean(value) : value === headerSafe(wanted);
  });
  return exact && filters.every((filter) => holds(filter, event));
}

function holds({ exact, prefix, suffix, all, any, not }: Filter, event: CloudEvent): boolean {
  if (exact) return each(exact, event, (value, wanted) => value === wanted);
  if (prefix) return each(prefix, event, (value, wanted) => value.startsWith(wanted));
  if (suffix) return each(suffix, event, (value, wanted) => value.endsWith(wanted));
  if (all) return all.every((filter) => holds(filter, event));
  if (any) return any.some((filter) => holds(filter, event));
  return not ? !holds(not, event) : true;
}

function each(entries: Record<string, string>, event: CloudEvent, test: (value: string, wanted: string) => boolean): boolean {
  return Object.entries(entries).every(([name, wanted]) => {
    const value = event.attributes.get(name);
    return value !== undefined && test(value, headerSafe(wanted));
  });
}
