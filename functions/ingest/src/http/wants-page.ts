import type { IncomingHttpHeaders } from 'node:http';

/** Whether an answer is for a person who reads it in a browser, rather than for a program. */
export function wantsPage({ accept = '' }: IncomingHttpHeaders): boolean {
  return accept.includes('text/html') && !accept.includes('json');
}
