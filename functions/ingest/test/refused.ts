import { expect } from 'vitest';
import type { Surroundings } from './support.ts';

type Body = FormData | URLSearchParams | Uint8Array<ArrayBuffer> | string | null;

/** Posts, and expects a problem that says so in words, and leaves nothing behind: not in the store, the spool or the broker. */
export async function refused(
  { ingest, events, left }: Surroundings & { ingest: { url: string } },
  status: number,
  detail: RegExp,
  body: Body,
  query = '?email=a@example.org',
  headers = {},
): Promise<void> {
  const response = await fetch(`${ingest.url}/${query}`, { method: 'POST', body, headers });
  expect(await response.json()).toMatchObject({
    type: 'about:blank',
    title: expect.any(String),
    status,
    detail: expect.stringMatching(detail),
  });
  expect(response.status).toBe(status);
  expect(response.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
  expect(response.headers.get('x-darkroom-revision')).toBe('ingest-v2');
  expect(await left()).toEqual([]);
  expect(events).toEqual([]);
}
