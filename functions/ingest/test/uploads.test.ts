import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as immediate } from 'node:timers/promises';
import { keys } from '@darkroom/shared/job/keys';
import { entriesOf, type Store } from '@darkroom/shared/store';
import { openStore } from '@darkroom/shared/store/open';
import { afterAll, describe, expect, test } from 'vitest';
import { startS3 } from '../../../packages/shared/test/store-s3-server.ts';
import { testClock } from '../../../packages/shared/test/support/clock.ts';
import { pieceBytes, piecesOf } from '../src/tus/pieces.ts';
import { openUploads, type Upload, type Uploads } from '../src/tus/uploads.ts';

const folder = await mkdtemp(join(tmpdir(), 'uploads-'));
const s3 = await startS3();
afterAll(async () => {
  await rm(folder, { recursive: true });
  await s3?.close();
});

const clock = testClock();
const open = (store: Store) => openUploads(store, { RETENTION: 7 * 24 * 3600 }, clock);
const bytes = randomBytes(3 * pieceBytes + 12_345);

/** So many bytes of the photo from an offset on, in chunks of any size, which arrive now and then. */
async function* arriving(from: number, count = Infinity): AsyncGenerator<Buffer> {
  const end = Math.min(bytes.length, from + count);
  for (let start = from; start < end;) {
    const next = Math.min(end, start + 1 + Math.floor(Math.random() * 200_000));
    yield bytes.subarray(start, next);
    start = next;
    await immediate();
  }
}

async function found(uploads: Uploads, id: string): Promise<Upload> {
  const upload = await uploads.find(id);
  if (!upload || 'taken' in upload) throw new Error(`There is no upload ${id}`);
  return upload;
}

async function readAll(uploads: Uploads, id: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of uploads.read(await found(uploads, id))) chunks.push(chunk);
  return Buffer.concat(chunks);
}

describe.each([
  ['files', openStore(`file:${folder}/store`)],
  ['a real S3 server (skipped without one: put versitygw on the PATH)', s3 && openStore(s3.url(), s3.environment)],
])('on %s', (_which, store) => {
  test.skipIf(!store)('what was sent in pieces of any size is what is read', async () => {
    const uploads = open(store!);
    const id = randomUUID();
    await uploads.create(id, bytes.length, { filename: 'a.jpg' });
    for (let offset = 0; offset < bytes.length;) {
      const next = await uploads.append(id, offset, arriving(offset, 1_500_000));
      expect(next).toBe(Math.min(bytes.length, offset + 1_500_000));
      expect(await found(uploads, id)).toMatchObject({ offset: next, length: bytes.length, metadata: { filename: 'a.jpg' } });
      offset = next;
    }
    expect((await readAll(uploads, id)).equals(bytes)).toBe(true);
    await uploads.take(id, 'digest');
    expect(await uploads.find(id)).toEqual({ taken: 'digest' });
    expect([...(await entriesOf(store!, keys.uploadParts(id))).keys()]).toEqual([keys.uploadTaken(id)]);
  });

  test.skipIf(!store)('several processes that go on at once do not disturb each other', async () => {
    const processes = Array.from({ length: 4 }, () => open(store!));
    const id = randomUUID();
    await processes[0]!.create(id, bytes.length, {});
    let refusals = 0;
    async function sendAll(uploads: Uploads): Promise<void> {
      for (;;) {
        const { offset } = await found(uploads, id);
        if (offset === bytes.length) return;
        const count = Math.floor(Math.random() * 900_000) + 1;
        await uploads.append(id, offset, arriving(offset, count)).catch((error: { status?: number }) => {
          expect(error.status).toBe(409);
          refusals += 1;
        });
      }
    }
    await Promise.all(processes.map(sendAll));
    expect(refusals).toBeGreaterThan(0);
    expect((await readAll(processes[0]!, id)).equals(bytes)).toBe(true);
    // Nothing lies beside the chain.
    const parts = [...(await entriesOf(store!, keys.uploadParts(id))).values()];
    expect(parts.filter(({ key }) => key !== keys.upload(id)).reduce((sum, { size }) => sum + size, 0)).toBe(bytes.length);
  });
});

test('pieces are whole but for the last, whatever comes', async () => {
  for (const sizes of [
    [],
    [1],
    [pieceBytes],
    [pieceBytes - 1, 1],
    [pieceBytes + 1],
    [1, 3 * pieceBytes],
    Array<number>(5000).fill(1),
  ]) {
    const chunks = sizes.map((size) => randomBytes(size));
    const pieces: Buffer[] = [];
    for await (const piece of piecesOf(toStream(chunks))) pieces.push(Buffer.from(piece));
    expect(Buffer.concat(pieces).equals(Buffer.concat(chunks))).toBe(true);
    expect(pieces.slice(0, -1).every(({ length }) => length === pieceBytes)).toBe(true);
    expect(pieces.at(-1)?.length).not.toBe(0);
  }
});

async function* toStream(chunks: Buffer[]): AsyncGenerator<Buffer> {
  yield* chunks;
}
