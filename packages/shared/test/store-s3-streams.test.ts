import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { entriesOf, readBytes, type Store } from '@darkroom/shared/store';
import { answer, idleSeconds, openScripted, type ScriptedStore, sink, type ScriptedAnswer } from './store-s3-script.ts';

let scripted: ScriptedStore;
let store: Store;
beforeEach(async () => {
  scripted = await openScripted();
  store = scripted.store;
});
afterEach(() => scripted.close());

test('a large file is sent without being buffered in memory', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'large-'));
  const file = join(folder, 'large');
  await writeFile(file, '');
  await truncate(file, 400_000_000);
  let most = 0;
  const watch = setInterval(() => (most = Math.max(most, process.memoryUsage().arrayBuffers)), 5);
  scripted.turns = [sink];
  await store.write('key', { file });
  clearInterval(watch);
  await rm(folder, { recursive: true });
  expect(most).toBeLessThan(250_000_000);
});

test('a slow reader is waited for', async () => {
  scripted.turns = [
    (_request, response) => void response.writeHead(200, { 'content-length': '2000000' }).end(Buffer.alloc(2_000_000, 'x')),
  ];
  const stream = (await store.read('key')) as Readable;
  let size = 0;
  for await (const chunk of stream) {
    if (size === 0) {
      // It reads ahead, and then no further.
      await expect.poll(() => stream.readableLength).toBeGreaterThanOrEqual(stream.readableHighWaterMark);
      await scripted.clock.advance(60 * 60 * 1000);
    }
    size += (chunk as Buffer).length;
  }
  expect(size).toBe(2_000_000);
});

test.each(['', '12345'])('a server that falls silent after %j is not waited for', async (begun) => {
  scripted.turns = [
    (_request, response) => void (response.writeHead(200, { 'content-length': '10' }).flushHeaders(), response.write(begun)),
  ];
  const reading = buffer((await store.read('key'))!);
  reading.catch(() => undefined);
  await scripted.outlast();
  await expect(reading).rejects.toThrow('Nothing moved');
});

test('a slow server is waited for as long as bytes move', async () => {
  const { clock } = scripted;
  const pause = idleSeconds * 1000;
  scripted.turns = [
    async (_request, response) => {
      response.writeHead(200, { 'content-length': '6' });
      for (let sent = 0; sent < 6; sent += 1) {
        response.write('x');
        await clock.sleep(pause);
      }
      response.end();
    },
  ];
  let size = 0;
  for await (const chunk of (await store.read('key'))!) {
    size += (chunk as Buffer).length;
    // The server, and the timer of the client.
    if (size < 6) await expect.poll(() => clock.sleepers()).toBe(2);
    await clock.advance(pause);
  }
  expect(size).toBe(6);
});

test('a truncated body is a fault, not a shorter file', async () => {
  scripted.turns = [
    (_request, response) => {
      response.writeHead(200, { 'content-length': '10' }).write('12345');
      setTimeout(() => response.destroy(), 50);
    },
  ];
  await expect(readBytes(store, 'key')).rejects.toThrow(Error);
});

/** Around the size at which a body that nobody reads no longer fits the buffers of a client. */
const sizes = [20_000, 70_000, 100_000, 200_000, 2_000_000];

test.each(sizes)('a server may hang up while a body of %i bytes waits for its reader', async (size) => {
  scripted.turns = [
    (_request, response) =>
      void response.writeHead(200, { 'content-length': String(size), connection: 'close' }).end(Buffer.alloc(size)),
  ];
  const stream = (await store.read('key'))!;
  await sleep(1000);
  expect((await buffer(stream)).length).toBe(size);
});

test.each(sizes)('a body of %i bytes that is cut while it waits for its reader is a fault of that read alone', async (size) => {
  scripted.turns = [
    (_request, response) =>
      void response
        .writeHead(200, { 'content-length': String(size), connection: 'close' })
        .write(Buffer.alloc(size - 1), () => void response.socket?.end()),
    (_request, response) => void response.end('whole'),
  ];
  const stream = (await store.read('key'))!;
  await sleep(1000);
  await expect(buffer(stream)).rejects.toThrow('S3 broke off its answer to GET key');
  expect(String(await readBytes(store, 'key'))).toBe('whole');
});

test('a listing continues where it was cut, and a missing or partial one is a fault', async () => {
  const page = (keys: string[], rest: string): ScriptedAnswer => {
    const contents = keys.map(
      (key) => `<Contents><Key>${key}</Key><LastModified>2026-01-02T03:04:05.678Z</LastModified><Size>7</Size></Contents>`,
    );
    return (_request, response) =>
      void response.end(`<?xml version="1.0"?>\n<ListBucketResult xmlns="x">${contents.join('\n')}${rest}</ListBucketResult>\n`);
  };
  const more = '<IsTruncated>true</IsTruncated><NextContinuationToken>a+b/c&amp;d=&#x26;</NextContinuationToken>';
  scripted.turns = [
    page(['jobs/1', 'ours &amp; yours', '&lt;/Key&gt;', '.hidden'], more),
    page(['jobs/2'], '<IsTruncated>false</IsTruncated>'),
  ];
  const modified = new Date('2026-01-02T03:04:05.678Z');
  expect([...(await entriesOf(store, 'jobs/')).values()]).toEqual([1, 2].map((n) => ({ key: `jobs/${n}`, size: 7, modified })));
  expect(scripted.requests[0]).toBe('GET /photos/?list-type=2&prefix=jobs%2F');
  expect(new URL(scripted.requests[1]!.slice(4), 'http://x').searchParams.get('continuation-token')).toBe('a+b/c&d=&');

  const half: ScriptedAnswer = (_request, response) => void response.end('<ListBucketResult><Contents><Key>a</Key>');
  for (const turn of [
    page([], '<IsTruncated>true</IsTruncated>'),
    half,
    answer(200, 'x'),
    page(['a'], '').bind(undefined) && answer(200),
  ]) {
    scripted.turns = [turn];
    await expect(entriesOf(store, '')).rejects.toThrow('S3');
  }
});
