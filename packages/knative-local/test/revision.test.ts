import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { limits } from '../src/limits.ts';
import type { RevisionSpec } from '../src/manifest/topology.ts';
import { NotUp, startReplica, type Turn } from '../src/process/revision.ts';
import { makeFolder } from './folders.ts';
import { createLives, zipRevision } from './lives.ts';

const probe = zipRevision().readiness;

async function open(spec: Partial<RevisionSpec> = {}, options: Parameters<typeof createLives>[0] = {}) {
  const lives = createLives(options);
  const temporary = await makeFolder({ 'zip-v1/left/behind': 'x' });
  const lines: string[] = [];
  const revision = startReplica(
    zipRevision(spec),
    { TMPDIR: temporary, PLATFORM: 'its own' },
    (name, line) => lines.push(`${name}: ${line}`),
    lives.surroundings,
  );
  await lives.begun(1);
  return { revision, temporary, lines, ...lives };
}

test('a function is told who it is and where to listen, as in a cluster; nothing overrides the platform', async () => {
  const { all, temporary } = await open({
    environment: { MODE: 'fast', PLATFORM: 'mine', PORT: '1', TMPDIR: '/', K_SERVICE: 'x' },
  });
  const { environment, command, folder } = all[0]!.program;
  const port = environment['PORT'];
  expect(Number(port)).toBeGreaterThan(1023);
  expect(environment).toEqual({
    MODE: 'fast',
    PLATFORM: 'its own',
    PORT: port,
    FUNC_PORT: port,
    FAAS_ID: 'zip-v1',
    FAAS_INSTANCE: 'zip-v1',
    K_SERVICE: 'zip',
    K_CONFIGURATION: 'zip',
    K_REVISION: 'zip-v1',
    TMPDIR: join(temporary, 'zip-v1'),
  });
  expect([command, folder]).toEqual([['index.mjs'], '/zip']);
});

test('each life of a process begins with an empty folder for temporary files, on a port of its own', async () => {
  const { all, temporary, begun } = await open();
  expect(await readdir(join(temporary, 'zip-v1'))).toEqual([]);
  all[0]!.die();
  await begun(2);
  expect(await readdir(join(temporary, 'zip-v1'))).toEqual([]);
  expect(all[1]!.program.environment['PORT']).not.toBe(all[0]!.program.environment['PORT']);
});

test('probes go to the paths that the manifests name; without a liveness probe none is made', async () => {
  const { clock, asked, all } = await open({ liveness: { ...probe, path: '/live' } });
  await clock.advance(probe.period);
  const origin = `http://127.0.0.1:${all[0]!.program.environment['PORT']}`;
  expect(new Set(asked)).toEqual(new Set([`${origin}/ready`, `${origin}/live`]));
  const other = await open();
  await other.clock.advance(probe.period);
  expect(other.asked.every((url) => url.endsWith('/ready'))).toBe(true);
});

test.each([
  ['zip-00001', 'zip: hello'],
  ['zip-v1', 'zip-v1: hello'],
])('%s prints as "%s"', async (name, line) => {
  const { all, lines } = await open({ name });
  all[0]!.print('hello');
  expect(lines).toEqual([line]);
});

test('a turn leads to the process; of those beyond containerConcurrency, each waits until one is given back', async () => {
  const { revision, all, clock } = await open({ concurrency: 1 });
  expect([revision.ready, await revision.started]).toEqual([true, undefined]);
  const first = await revision.turn();
  expect(first.origin).toBe(`http://127.0.0.1:${all[0]!.program.environment['PORT']}`);
  let second: Turn | undefined;
  void revision.turn().then((turn) => (second = turn));
  await clock.advance(60_000);
  expect(second).toBeUndefined();
  first.release();
  await clock.advance(0);
  expect(second?.origin).toBe(first.origin);
});

test('whoever goes away while waiting for a turn gets none, and leaves the place to the next', async () => {
  const { revision } = await open({ concurrency: 1 });
  const first = await revision.turn();
  const leaving = new AbortController();
  const gone = revision.turn(leaving.signal);
  const next = revision.turn();
  leaving.abort();
  await expect(gone).rejects.toThrow('aborted');
  first.release();
  (await next).release();
});

test('a process that is not up is waited for as long as an activator would, and its turn is then free again', async () => {
  const { revision, all, clock } = await open({ concurrency: 1 }, { healthy: () => false });
  let failure: unknown;
  void revision.turn().catch((error: unknown) => (failure = error));
  await clock.advance(limits.revisionWait - 1);
  expect(failure).toBeUndefined();
  await clock.advance(1);
  expect(failure).toBeInstanceOf(NotUp);
  expect((failure as Error).message).toBe('zip-v1 is not up');
  const next = revision.turn();
  all[0]!.healthy = true;
  await clock.advance(limits.probeInterval);
  expect((await next).origin).toContain('127.0.0.1');
});

test('a revision that stops lets requests in flight finish, then ends its process', async () => {
  const { revision, all, clock } = await open();
  const turn = await revision.turn();
  let stopped = false;
  void revision.stop().then(() => (stopped = true));
  await clock.advance(limits.drainTime - 1);
  expect(all[0]!.signals).toEqual([]);
  turn.release();
  await clock.advance(0);
  expect([all[0]!.signals, stopped]).toEqual([['SIGTERM'], true]);
  await revision.stop();
  expect(all[0]!.signals).toEqual(['SIGTERM']);
});

test.each([
  ['what requests in flight have left of its time', 4000, 6000],
  ['at least a little', limits.drainTime - 1, limits.leastDrainTime],
])('its process gets %s to end, and is then killed', async (_name, busy, left) => {
  const { revision, all, clock } = await open({}, { heedsSignal: false });
  const turn = await revision.turn();
  let stopped = false;
  void revision.stop().then(() => (stopped = true));
  await clock.advance(busy);
  turn.release();
  await clock.advance(left - 1);
  expect([all[0]!.signals, stopped]).toEqual([['SIGTERM'], false]);
  await clock.advance(1);
  expect([all[0]!.signals, stopped]).toEqual([['SIGTERM', 'SIGKILL'], true]);
});

test('requests that never end are waited for only so long', async () => {
  const { revision, all, clock } = await open();
  await revision.turn();
  const stopped = revision.stop(5000);
  await clock.advance(4999);
  expect(all[0]!.signals).toEqual([]);
  await clock.advance(1);
  await stopped;
  expect(all[0]!.signals).toEqual(['SIGTERM']);
});
