import { randomUUID } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { keys } from '@darkroom/shared/job/keys';
import { readBytes } from '@darkroom/shared/store';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readJob } from '../../../packages/shared/src/job/job.ts';
import { registry } from '../../../packages/shared/src/metrics/registry.ts';
import { openServer, type ServerBench } from './server.ts';
import { formOf, jpeg, type Receipt, until } from './support.ts';

let bench: ServerBench;
beforeAll(async () => {
  bench = await openServer();
});
beforeEach(() => bench.clear());
afterAll(() => bench.close());

const version = { 'tus-resumable': '1.0.0' };
const base64 = (text: string) => Buffer.from(text).toString('base64');

const begin = (length: number, headers: Record<string, string> = {}, at = bench.ingest.url) =>
  fetch(`${at}/uploads`, { method: 'POST', headers: { ...version, 'upload-length': String(length), ...headers } });
const addressOf = (response: Response) => new URL(response.headers.get('location')!, response.url).href;
const send = (address: string, offset: number, bytes: Uint8Array, headers: Record<string, string> = {}) =>
  fetch(address, {
    method: 'PATCH',
    headers: { ...version, 'upload-offset': String(offset), 'content-type': 'application/offset+octet-stream', ...headers },
    body: new Uint8Array(bytes),
  });
const ask = (address: string) => fetch(address, { method: 'HEAD', headers: version });
const offsetOf = async (address: string) => Number((await ask(address)).headers.get('upload-offset'));
const idOf = (address: string) => address.split('/').at(-1)!;
const detail = async (response: Response) => ((await response.json()) as { detail: string }).detail;

async function uploaded(bytes: Uint8Array = jpeg, metadata = `filename ${base64('harbour.jpg')}`): Promise<string> {
  const address = addressOf(await begin(bytes.length, { 'upload-metadata': metadata }));
  expect((await send(address, 0, bytes)).status).toBe(204);
  return idOf(address);
}
const post = (ids: string[], headers: Record<string, string> = {}, fields: [string, string][] = []) =>
  fetch(bench.ingest.url, {
    method: 'POST',
    headers,
    body: formOf(...ids.map((id): [string, string] => ['upload', id]), ...fields),
  });

describe('the protocol', () => {
  test('says what it can do', async () => {
    const { status, headers } = await fetch(`${bench.ingest.url}/uploads`, { method: 'OPTIONS' });
    expect(status).toBe(204);
    expect(Object.fromEntries(headers)).toMatchObject({
      'tus-resumable': '1.0.0',
      'tus-version': '1.0.0',
      'tus-extension': 'creation,creation-with-upload,expiration,termination',
      'tus-max-size': '60000',
      'x-darkroom-revision': 'ingest-v2',
    });
  });

  test('a photo in three pieces, each from where the last one ended', async () => {
    const metadata = `filename ${base64('düne.jpg')},private`;
    const created = await begin(jpeg.length, { 'upload-metadata': metadata });
    expect(created.status).toBe(201);
    expect(created.headers.get('location')).toMatch(/^\/uploads\/[0-9a-f-]{36}$/);
    const address = addressOf(created);
    expect(await offsetOf(address)).toBe(0);
    for (const [from, to] of [
      [0, 10],
      [10, 500],
      [500, jpeg.length],
    ] as const) {
      const answer = await send(address, from, jpeg.subarray(from, to));
      expect([answer.status, answer.headers.get('upload-offset')]).toEqual([204, String(to)]);
      expect(answer.headers.has('upload-expires')).toBe(to < jpeg.length);
    }
    const { headers } = await ask(address);
    expect(Object.fromEntries(headers)).toMatchObject({
      'upload-offset': String(jpeg.length),
      'upload-length': String(jpeg.length),
      'upload-metadata': metadata,
      'cache-control': 'no-store',
    });
  });

  test('what is refused is counted by its reason, and what goes on is not', async () => {
    registry.resetMetrics();
    const address = addressOf(await begin(jpeg.length));
    await send(address, 0, jpeg.subarray(0, 10));
    await send(address, 5, jpeg);
    await send(`${bench.ingest.url}/uploads/${randomUUID()}`, 0, jpeg);
    await begin(60_001);
    await begin(10, { 'tus-resumable': '0.9.0' });
    await begin(10, { 'sec-fetch-site': 'cross-site' });
    await ask(`${bench.ingest.url}/uploads/${randomUUID()}`);
    await send(address, 10, jpeg.subarray(10));
    const lines = (await registry.metrics()).split('\n').filter((line) => line.startsWith('darkroom_uploads_refused_total{'));
    expect(lines).toEqual(
      ['conflict', 'unknown', 'too_large', 'invalid', 'forbidden'].map(
        (reason) => `darkroom_uploads_refused_total{revision="ingest-v2",reason="${reason}"} 1`,
      ),
    );
  });

  test('the first bytes may come with the beginning', async () => {
    const created = await fetch(`${bench.ingest.url}/uploads`, {
      method: 'POST',
      headers: { ...version, 'upload-length': String(jpeg.length), 'content-type': 'application/offset+octet-stream' },
      body: new Uint8Array(jpeg.subarray(0, 100)),
    });
    expect([created.status, created.headers.get('upload-offset')]).toEqual([201, '100']);
    expect(await offsetOf(addressOf(created))).toBe(100);
  });

  /** Sends the beginning of a photo, and nothing more. */
  function sendBeginning(address: string, bytes: number): Socket {
    const { hostname, port, pathname } = new URL(address);
    const head = ['PATCH ' + pathname + ' HTTP/1.1', 'host: x', 'tus-resumable: 1.0.0', 'upload-offset: 0'];
    const said = [...head, 'content-type: application/offset+octet-stream', `content-length: ${jpeg.length}`, '', ''];
    const socket = connect(Number(port), hostname).on('error', () => {});
    socket.write(Buffer.concat([Buffer.from(said.join('\r\n')), jpeg.subarray(0, bytes)]));
    return socket;
  }

  test('what came over a line that stands still is kept as soon as somebody asks', async () => {
    const address = addressOf(await begin(jpeg.length));
    const socket = sendBeginning(address, 400);
    // Its line still stands, as far as the server can tell; but whoever asks has given it up.
    await until(async () => (await offsetOf(address)) === 400);
    expect((await send(address, 400, jpeg.subarray(400))).status).toBe(204);
    expect(Buffer.concat(await piecesOf(idOf(address)))).toEqual(jpeg);
    socket.destroy();
  });

  test('a line that is cut leaves behind what came', async () => {
    const address = addressOf(await begin(jpeg.length));
    sendBeginning(address, 400).end();
    await until(async () => (await bench.lab.keys()).includes(keys.uploadPiece(idOf(address), 0)));
    expect(await offsetOf(address)).toBe(400);
  });

  test('a line that stands still is cut off, and what came over it stays', async () => {
    const address = addressOf(await begin(jpeg.length));
    const socket = sendBeginning(address, 400);
    let answer = '';
    socket.setEncoding('latin1').on('data', (text: string) => (answer += text));
    await until(() => bench.clock.sleepers() > 0);
    await until(async () => {
      await bench.clock.advance(5000);
      return answer !== '';
    });
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    await until(async () => (await bench.lab.keys()).includes(keys.uploadPiece(idOf(address), 0)));
    expect((await send(address, 400, jpeg.subarray(400))).status).toBe(204);
  });

  test('another offset than that of what has arrived is refused, and changes nothing', async () => {
    const address = addressOf(await begin(jpeg.length));
    await send(address, 0, jpeg.subarray(0, 100));
    for (const offset of [0, 99, 101]) {
      const answer = await send(address, offset, jpeg.subarray(offset));
      expect([answer.status, await detail(answer)]).toEqual([409, expect.stringContaining('HEAD')]);
    }
    expect(await offsetOf(address)).toBe(100);
  });

  test('ten at once do not disturb each other', async () => {
    const address = addressOf(await begin(jpeg.length));
    const answers = await Promise.all(Array.from({ length: 10 }, () => send(address, 0, jpeg)));
    const offsets = answers.filter(({ status }) => status === 204).map(({ headers }) => Number(headers.get('upload-offset')));
    expect(answers.filter(({ status }) => status !== 204).map(({ status }) => status)).toEqual(
      Array<number>(10 - offsets.length).fill(409),
    );
    // Each ends the one before it; what that has stored stays.
    const offset = await offsetOf(address);
    expect(Math.max(...offsets)).toBe(offset);
    if (offset < jpeg.length) await send(address, offset, jpeg.subarray(offset));
    expect(Buffer.concat(await piecesOf(idOf(address)))).toEqual(jpeg);
  });

  test('no more is taken than was said, and no more than a photo may have', async () => {
    expect((await begin(60_001)).status).toBe(413);
    expect((await begin(60_000)).status).toBe(201);
    const address = addressOf(await begin(10));
    expect((await send(address, 0, jpeg.subarray(0, 11))).status).toBe(413);
    const chunked = await fetch(address, {
      method: 'PATCH',
      headers: { ...version, 'upload-offset': '0', 'content-type': 'application/offset+octet-stream' },
      body: ReadableStream.from([jpeg.subarray(0, 6), jpeg.subarray(6, 12)]),
      duplex: 'half',
    });
    expect(chunked.status).toBe(413);
    expect(await offsetOf(address)).toBeLessThanOrEqual(10);
  });

  test.each([
    ['no version', { 'tus-resumable': '' }, 412],
    ['another version', { 'tus-resumable': '0.2.2' }, 400],
    ['no length', { 'upload-length': '' }, 400],
    ['a negative length', { 'upload-length': '-1' }, 400],
    ['a length that is no number', { 'upload-length': '0x10' }, 400],
    ['a length to be said later', { 'upload-defer-length': '1' }, 400],
    ['a part of an upload', { 'upload-concat': 'partial' }, 400],
    ['metadata that is no base64', { 'upload-metadata': 'filename ä' }, 400],
    ['metadata with the name of what objects have', { 'upload-metadata': 'constructor YQ==' }, 400],
    ['the same key twice', { 'upload-metadata': 'a YQ==,a YQ==' }, 400],
    ['another site', { 'sec-fetch-site': 'cross-site' }, 403],
  ])('a beginning with %s is refused, and leaves nothing', async (_what, headers, status) => {
    const answer = await begin(10, headers);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([status, 'application/problem+json; charset=utf-8']);
    expect((await detail(answer)).length).toBeGreaterThan(20);
    expect(await bench.left()).toEqual([]);
  });

  test.each(['nothing', '..%2f..%2fetc', '00000000-0000-4000-8000-000000000000', 'x'.repeat(90), '%00', '%C2%84', 'constructor'])(
    'there is no upload %s',
    async (id) => {
      const address = `${bench.ingest.url}/uploads/${id}`;
      expect((await ask(address)).status).toBe(404);
      expect((await send(address, 0, jpeg)).status).toBe(404);
      expect((await fetch(address, { method: 'DELETE', headers: version })).status).toBe(404);
      expect(await bench.left()).toEqual([]);
    },
  );

  test('one that was given up is gone', async () => {
    const address = addressOf(await begin(jpeg.length));
    await send(address, 0, jpeg.subarray(0, 100));
    expect((await fetch(address, { method: 'DELETE', headers: version })).status).toBe(204);
    expect((await ask(address)).status).toBe(404);
    expect(await bench.left()).toEqual([]);
  });

  test('one that nobody has posted expires after a day', async () => {
    const id = await uploaded();
    await bench.clock.advance(24 * 3600 * 1000 - 1);
    expect((await ask(`${bench.ingest.url}/uploads/${id}`)).status).toBe(200);
    await bench.clock.advance(1);
    expect((await ask(`${bench.ingest.url}/uploads/${id}`)).status).toBe(404);
    expect(await detail(await post([id]))).toContain('expired');
  });
});

async function piecesOf(id: string): Promise<Buffer[]> {
  const pieces: Buffer[] = [];
  for (let offset = 0, piece; (piece = await readBytes(bench.lab.store, keys.uploadPiece(id, offset))); offset += piece.length)
    pieces.push(piece);
  return pieces;
}

describe('a post of uploads', () => {
  test('becomes a job like one that carries its photos, and leaves no more of them', async () => {
    const ids = [await uploaded(), await uploaded(jpeg, `name ${base64('../b\u202e.jpg')}`), await uploaded(jpeg, 'nothing')];
    const answer = await post(ids, {}, [['email', 'a@example.org']]);
    expect(answer.status).toBe(202);
    const { job, images } = (await answer.json()) as Receipt;
    expect(images.map(({ name, bytes, width }) => [name, bytes, width])).toEqual([
      ['harbour.jpg', jpeg.length, 64],
      ['b.jpg', jpeg.length, 64],
      ['photo.jpg', jpeg.length, 64],
    ]);
    const accepted = (await readJob(bench.lab.store, job))!;
    for (const photo of accepted.images) expect(await readBytes(bench.lab.store, keys.original(job, photo))).toEqual(jpeg);
    const left = (await bench.lab.keys()).filter((key) => key.startsWith('uploads/'));
    expect(left).toEqual(ids.map((id) => keys.uploadTaken(id)).toSorted());
    expect((await ask(`${bench.ingest.url}/uploads/${ids[0]}`)).status).toBe(404);
  });

  test('may carry photos as well, and name uploads in the query', async () => {
    const id = await uploaded();
    const answer = await fetch(`${bench.ingest.url}/?upload=${id}`, {
      method: 'POST',
      body: formOf(['file', { name: 'own.jpg', bytes: jpeg }]),
    });
    expect(((await answer.json()) as Receipt).images.map(({ name }) => name)).toEqual(['own.jpg', 'harbour.jpg']);
    const bare = await fetch(`${bench.ingest.url}/?upload=${await uploaded()}`, { method: 'POST' });
    expect(bare.status).toBe(202);
  });

  test('sent again with its key is the same job, and with other wishes another post', async () => {
    const ids = [await uploaded(), await uploaded(Buffer.from('Dear lab,'), `filename ${base64('letter.jpg')}`)];
    const key = { 'idempotency-key': randomUUID() };
    const [first, second] = [await post(ids, key), await post(ids, key)];
    expect([first.status, second.status]).toEqual([202, 202]);
    const receipt = (await first.json()) as Receipt & { refused: { name: string }[] };
    expect(receipt.refused.map(({ name }) => name)).toEqual(['letter.jpg']);
    expect(await second.json()).toEqual(receipt);
    // The same photos in a form are the same post, too.
    const form = formOf(
      ['file', { name: 'harbour.jpg', bytes: jpeg }],
      ['file', { name: 'letter.jpg', bytes: Buffer.from('Dear lab,') }],
    );
    expect((await fetch(bench.ingest.url, { method: 'POST', headers: key, body: form })).status).toBe(202);
    expect((await post(ids, key, [['quality', '50']])).status).toBe(422);
    expect((await post([ids[0]!], key)).status).toBe(422);
    expect((await bench.lab.keys()).filter((each) => each.startsWith('open/'))).toHaveLength(1);
  });

  test('ten at once with one key are one job', async () => {
    const ids = [await uploaded(), await uploaded()];
    const key = { 'idempotency-key': randomUUID() };
    const answers = await Promise.all(Array.from({ length: 10 }, () => post(ids, key)));
    // Whoever finds an upload half removed is asked to try again, and then gets the job.
    const again = await Promise.all(answers.map(async (answer) => (answer.status === 202 ? answer : post(ids, key))));
    const jobs = (await Promise.all(again.map((answer) => answer.json()))) as Receipt[];
    expect(new Set(jobs.map(({ job }) => job)).size).toBe(1);
    expect((await bench.lab.keys()).filter((each) => each.startsWith('open/'))).toHaveLength(1);
  });

  test('cannot bring an upload that has become a part of a job, or whose job was deleted', async () => {
    const id = await uploaded();
    const key = { 'idempotency-key': randomUUID() };
    const { job } = (await (await post([id], key)).json()) as Receipt;
    for (const headers of [{}, { 'idempotency-key': randomUUID() }]) {
      const answer = await post([id], headers);
      expect([answer.status, await detail(answer)]).toEqual([409, expect.stringContaining('already')]);
    }
    const mixed = await post([id, await uploaded()]);
    expect(mixed.status).toBe(409);
    await fetch(`${bench.ingest.url}/jobs/${job}`, { method: 'DELETE' });
    // Nor can it be given up any more, as if it had never been.
    const address = `${bench.ingest.url}/uploads/${id}`;
    expect((await fetch(address, { method: 'DELETE', headers: version })).status).toBe(404);
    expect((await post([id], key)).status).toBe(410);
  });

  test('names what is not there, and what has not arrived in full', async () => {
    const address = addressOf(await begin(jpeg.length));
    await send(address, 0, jpeg.subarray(0, 100));
    const answer = await post([idOf(address), 'x'.repeat(900), '../jobs']);
    expect(answer.status).toBe(400);
    const said = await detail(answer);
    expect(said).toContain(`100 of ${jpeg.length} bytes`);
    expect(said).toContain(`There is no upload “${'x'.repeat(50)}”`);
    // Nothing is lost: the rest can still be sent.
    expect((await send(address, 100, jpeg.subarray(100))).status).toBe(204);
    expect((await post([idOf(address)])).status).toBe(202);
  });

  test('refused as a whole keeps the uploads for the next attempt', async () => {
    const [good, bad, empty] = [await uploaded(), await uploaded(Buffer.from('Dear lab,')), addressOf(await begin(0))];
    expect((await post([bad])).status).toBe(415);
    expect((await post([idOf(empty)])).status).toBe(422);
    expect((await post([good], {}, [['email', 'nobody']])).status).toBe(400);
    const answer = await post([good, bad, idOf(empty)]);
    expect(answer.status).toBe(202);
  });

  test('may name as many as a post may carry', async () => {
    const ids = await Promise.all([uploaded(), uploaded(), uploaded(), uploaded()]);
    expect((await post(ids)).status).toBe(413);
    expect((await post([...ids.slice(0, 3), ...ids.slice(0, 1)])).status).toBe(202);
  });
});
