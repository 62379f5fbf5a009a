import type { Event } from './event.ts';

/** An event in a line of the log: its type, and the job it belongs to where it names one. */
export function describe({ attributes }: Event): string {
  const job = attributes.get('job');
  return `${attributes.get('type')}${job === undefined ? ` id=${attributes.get('id')}` : ` job=${job}`}`;
}
