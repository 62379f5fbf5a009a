import { once } from 'node:events';
import { spawn } from 'node:child_process';
import { mkdir, readdir, symlink } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { resolve } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { startFunction } from '../../../packages/shared/test/support/function.ts';
import { StorageFailed } from '../src/storage.ts';
import { beginUpload } from './slow-upload.ts';
import { type Bench, formOf, jpeg, openBench, type Receipt, spools, until } from './support.ts';

let bench: Bench;
afterEach(() => bench.close());

const send = (query = '?email=a@example.org') =>
  fetch(`${bench.ingest.url}/${query}`, { method: 'POST', body: formOf(['file', { name: 'a.jpg', bytes: jpeg }]) });

test('a broker that is down loses nothing: the job is accepted, and stays open for sweep', async () => {
  bench = await openBench({ K_SINK: 'http://127.0.0.1:1/' });
  const response = await send();
  expect(response.status).toBe(202);
  const { job } = (await response.json()) as Receipt;
  expect(await bench.lab.keys()).toContain(`open/${job}`);
});

test('a slow broker does not delay the answer, and is waited for at shutdown', async () => {
  const held: ServerResponse[] = [];
  const broker = createServer((_request, response) => void held.push(response));
  await once(broker.listen(0, '127.0.0.1'), 'listening');
  bench = await openBench({ K_SINK: `http://127.0.0.1:${(broker.address() as AddressInfo).port}/` });
  expect((await send()).status).toBe(202);
  await until(() => held.length === 1);
  let ended = false;
  const stopped = bench.ingest.stop().finally(() => (ended = true));
  await until(() =>
    fetch(bench.ingest.url).then(
      () => false,
      () => true,
    ),
  );
  expect(ended).toBe(false);
  held[0]!.writeHead(202).end();
  expect(await stopped).toBe(0);
  expect(bench.ingest.output()).not.toContain('not published');
  broker.close();
});

test.each(['/proc/sys', '/nowhere/at/all'])(
  'a temporary folder that cannot be written (%s) ends it at the start',
  async (folder) => {
    bench = await openBench();
    const starting = startFunction('ingest', { ...bench.lab.environment, FILTERS: 'sepia', TMPDIR: folder });
    await expect(starting).rejects.toThrow(
      /ended with 1: Photos cannot be taken in: .*cannot be written.*Mount a writable volume/,
    );
  },
);

test('what an earlier life left in the temporary folder is cleared away at the start', async () => {
  bench = await openBench();
  const folder = `${bench.lab.environment['TMPDIR']}/again`;
  // A container gives its first process the same id each time; here the shell knows it beforehand, and becomes it.
  const script = `mkdir -p ${folder}/darkroom-upload-$$-left; echo x > ${folder}/darkroom-upload-$$-left/1; exec ${process.execPath} index.mjs`;
  const child = spawn('sh', ['-c', script], {
    cwd: resolve(import.meta.dirname, '../dist'),
    env: { ...bench.lab.environment, FILTERS: 'sepia', PORT: '0', TMPDIR: folder },
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (more: string) => (output += more));
  await until(() => output.includes('listening'));
  expect(await readdir(folder)).toEqual([]);
  child.kill();
  await once(child, 'exit');
});

async function expectStoreFault(response: Response) {
  expect(response.status).toBe(503);
  expect(response.headers.get('retry-after')).toBe('5');
  const answer = await response.text();
  expect(answer).toContain('Try again');
  expect(answer).not.toMatch(/ENOTDIR|ELOOP|dev|store/);
}

test('a store that cannot be written is a 503, with nothing left in the spool', async () => {
  bench = await openBench({ STORE_URL: 'file:/dev/null/store' });
  await expectStoreFault(await send());
  expect(await spools(bench.lab)).toEqual([]);
});

test('a store that cannot be read is a 503, since the job may well exist', async () => {
  bench = await openBench();
  const id = '00000000-0000-0000-0000-000000000000';
  const folder = `${bench.lab.environment['TMPDIR']}/store/jobs/${id}`;
  await mkdir(folder, { recursive: true });
  await symlink('job.json', `${folder}/job.json`);
  await expectStoreFault(await fetch(`${bench.ingest.url}/jobs/${id}`));
});

test('a store that fails half-way is a 503, and what was written is removed', async () => {
  bench = await openBench();
  const store = `${bench.lab.environment['TMPDIR']}/store`;
  await mkdir(store);
  // The open marker, which comes last, cannot be written.
  await symlink(`${store}/nowhere/at/all`, `${store}/open`);
  expect((await send()).status).toBe(503);
  expect((await bench.lab.keys()).filter((key) => key !== 'open')).toEqual([]);
  expect(await spools(bench.lab)).toEqual([]);
});

test('a full disk is recognised, however deep in the causes', async () => {
  bench = await openBench();
  const full = Object.assign(new Error('write'), { code: 'ENOSPC' });
  expect(new StorageFailed(new Error('put', { cause: full }))).toMatchObject({ status: 507, retryAfter: 60 });
  expect(new StorageFailed(Object.assign(new Error('write'), { code: 'EIO' })).status).toBe(503);
});

test('a client that hangs up in the middle leaves nothing behind', async () => {
  bench = await openBench();
  const { upload } = await beginUpload(bench, jpeg);
  upload.destroy();
  await until(async () => (await spools(bench.lab)).length === 0);
  expect(await bench.left()).toEqual([]);
  expect((await send()).status).toBe(202);
});

test('a client that never finishes its headers is told so, and let go', async () => {
  bench = await openBench();
  const socket = connect(Number(new URL(bench.ingest.url).port)).setEncoding('utf8');
  socket.write('POST / HTTP/1.1\r\nhost: x\r\n');
  let answer = '';
  socket.on('data', (more: string) => (answer += more));
  await once(socket, 'close');
  expect(answer).toMatch(/^HTTP\/1\.1 408 [^]*took too long to arrive/);
});

test('a client that sends far too much still reads the answer', async () => {
  bench = await openBench();
  // A plain socket: HTTP clients stop sending, each in its own way, once there is an answer.
  const socket = connect(Number(new URL(bench.ingest.url).port)).setEncoding('utf8');
  let answers = '';
  socket.on('data', (more: string) => (answers += more));
  const head = 'POST /?email=a@example.org HTTP/1.1\r\nhost: x\r\ncontent-type: image/jpeg\r\ncontent-length: 30000000\r\n\r\n';
  socket.write(head);
  for (let sent = 0; sent < 30; sent += 1) if (!socket.write(Buffer.alloc(1_000_000))) await once(socket, 'drain');
  // The connection can still be used.
  socket.write('GET /health/liveness HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
  await once(socket, 'close');
  expect(answers).toMatch(/^HTTP\/1\.1 413 [^]*larger than[^]*HTTP\/1\.1 200 OK[^]*OK$/);
  expect(await bench.left()).toEqual([]);
});
