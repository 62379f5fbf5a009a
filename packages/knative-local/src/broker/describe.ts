import type { Event } from './event.ts';

/** An event in a line of the log. */
export function describe({ attributes }: Event): string {
  return `${attributes.get('type')} id=${attributes.get('id')}`;
}
