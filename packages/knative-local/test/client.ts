import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

export async function text(url: string, init: RequestInit = {}): Promise<string> {
  return (await fetch(url, init)).text();
}

/** Asks for one revision. */
export const tagged = (tag: string) => ({ headers: { 'knative-serving-tag': tag } });

export interface Collected {
  headers: Record<string, string>;
  body: string;
}

/** What reached the function at the end of the line. */
export async function collected(folder: string): Promise<Collected[]> {
  const lines = await readFile(join(folder, 'events'), 'utf8').catch(() => '');
  return lines
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Collected);
}
