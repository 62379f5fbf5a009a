import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { limits } from '../src/limits.ts';
import type { RevisionSpec } from '../src/manifest/topology.ts';
import { NotUp, type Turn } from '../src/process/revision.ts';
import { scaleRevision } from '../src/process/scaled-revision.ts';
import { makeFolder } from './folders.ts';
import { createLives, type Life, zipRevision } from './lives.ts';

const window = 60_000;
const scale = { min: 0, max: 0, target: 0.7, window, retention: 0 };

async function open(spec: Partial<RevisionSpec> = {}, options: Parameters<typeof createLives>[0] = {}) {
  const lives = createLives(options);
  const temporary = await makeFolder();
  const lines: string[] = [];
  /** How many replicas there were each time that somebody was told of a change. */
  const told: number[] = [];
  const revision = scaleRevision(
    zipRevision({ concurrency: 1, ...spec, scale: { ...scale, ...spec.scale } }),
    { TMPDIR: temporary },
    (name, line) => lines.push(`${name}: ${line}`),
    lives.surroundings,
    { changed: () => told.push([...revision.replicas].length) },
  );
  // Whatever is still starting writes nothing more once it has ended.
  onTestFinished(async () => {
    const over = new AbortController();
    void revision.stop(0).then(() => over.abort());
    while (!over.signal.aborted) await lives.clock.advance(limits.drainTime);
  });
  const ready = () => [...revision.replicas].filter((replica) => replica.ready).length;
  const originOf = (index: number) => `http://127.0.0.1:${lives.all[index]!.program.environment['PORT']}`;
  /** A request that waits, and its turn once it has come. */
  const request = () => {
    const waiting: { turn?: Turn; error?: unknown } = {};
    revision.turn().then(
      (turn) => (waiting.turn = turn),
      (error: unknown) => (waiting.error = error),
    );
    return waiting;
  };
  /** Until it has scaled to zero. */
  const rest = async () => {
    await lives.clock.advance(window + limits.scaleInterval);
    expect([...revision.replicas]).toEqual([]);
  };
  return { revision, temporary, lines, told, ready, originOf, request, rest, ...lives };
}

test('a revision first proves that it runs, and after an idle window it has no process', async () => {
  const { revision, begun, clock, all, ready, lines, told } = await open();
  expect(revision.ready).toBe(false);
  await begun(1);
  await revision.started;
  expect([ready(), revision.ready]).toEqual([1, true]);
  await clock.advance(window - limits.scaleInterval);
  expect(all[0]!.signals).toEqual([]);
  await clock.advance(2 * limits.scaleInterval);
  expect(all[0]!.signals).toEqual(['SIGTERM']);
  // Nothing is wrong with having none.
  expect([[...revision.replicas], revision.ready, told.at(-1)]).toEqual([[], true, 0]);
  expect(lines).toEqual(['runtime: zip-v1 scales from 1 to 0']);
});

test('an idle window begins once a process is up', async () => {
  const { clock, begun, all, ready } = await open({}, { healthy: () => false });
  await begun(1);
  await clock.advance(limits.startTime - 1000);
  all[0]!.healthy = true;
  await clock.advance(window);
  expect([ready(), all[0]!.signals]).toEqual([1, []]);
});

test('a request to a revision without a process waits until one is up', async () => {
  const { begun, clock, all, originOf, request, rest } = await open({}, { healthy: () => all.length === 0 });
  await begun(1);
  await rest();
  const waiting = request();
  await begun(2);
  await clock.advance(limits.startTime / 2);
  expect(waiting).toEqual({});
  all[1]!.healthy = true;
  await clock.advance(1000);
  expect(waiting.turn?.origin).toBe(originOf(1));
});

test('a process that starts after another has no part of its folder, which may still be on its way out', async () => {
  const { begun, request, rest, all, clock } = await open();
  await begun(1);
  await rest();
  const waiting = request();
  await begun(2);
  await clock.advance(limits.probeInterval);
  waiting.turn!.release();
  const [first, second] = all.map(({ program }) => program.environment['TMPDIR']!);
  expect(second).not.toBe(first);
  await expect.poll(() => existsSync(first!)).toBe(false);
  expect(existsSync(second!)).toBe(true);
});

test('requests that wait for the same start are one start, and each gets a turn as the limit allows', async () => {
  const { begun, clock, all, request, rest } = await open();
  await begun(1);
  await rest();
  const [first, second] = [request(), request()];
  await begun(2);
  await clock.advance(limits.probeInterval);
  expect([all.length, first.turn !== undefined, second.turn]).toEqual([2, true, undefined]);
  first.turn!.release();
  await clock.advance(0);
  expect(second.turn?.origin).toBe(first.turn!.origin);
});

test('more requests at a time make more processes, and whoever waits goes to the new ones', async () => {
  const { begun, clock, originOf, request, temporary, all } = await open({ scale: { ...scale, max: 3 } });
  await begun(1);
  const requests = [request(), request(), request()];
  await clock.advance(3 * limits.scaleInterval);
  await begun(3);
  await clock.advance(limits.probeInterval);
  expect(new Set(requests.map(({ turn }) => turn?.origin))).toEqual(new Set([originOf(0), originOf(1), originOf(2)]));
  // They do not share a folder.
  expect(all.map(({ program }) => program.environment['TMPDIR']).sort()).toEqual([
    join(temporary, 'zip-v1'),
    join(temporary, 'zip-v1.2'),
    join(temporary, 'zip-v1.3'),
  ]);
});

test('each request goes to the process that has the fewest', async () => {
  const { begun, clock, originOf, request } = await open({ concurrency: 0, scale: { ...scale, min: 2, max: 2, target: 100 } });
  await begun(2);
  await clock.advance(0);
  const requests = [request(), request(), request()];
  await clock.advance(0);
  const at = (index: number) => requests.filter(({ turn }) => turn?.origin === originOf(index)).length;
  expect([at(0), at(1)].sort()).toEqual([1, 2]);
  const alone = originOf(at(0) === 1 ? 0 : 1);
  requests.find(({ turn }) => turn?.origin === alone)!.turn!.release();
  const next = request();
  await clock.advance(0);
  expect(next.turn?.origin).toBe(alone);
});

test('a process that is no longer needed takes no more requests, and finishes those that it has', async () => {
  const { begun, clock, all, request, originOf } = await open({ concurrency: 0, scale: { ...scale, target: 6, max: 2 } });
  await begun(1);
  const crowd = Array.from({ length: 12 }, request);
  await clock.advance(2 * limits.scaleInterval);
  await begun(2);
  await clock.advance(limits.probeInterval);
  const last = [request(), request()];
  await clock.advance(0);
  expect([...crowd, ...last].map(({ turn }) => turn!.origin)).toEqual([
    ...crowd.map(() => originOf(0)),
    ...last.map(() => originOf(1)),
  ]);
  for (const { turn } of crowd.slice(3)) turn!.release();
  // Five at a time are one process's, and both have some.
  await clock.advance(3 * window);
  const next = request();
  await clock.advance(0);
  expect(next.turn!.origin).toBe(originOf(0));
  last[0]!.turn!.release();
  await clock.advance(2 * limits.drainTime);
  expect(all.map(({ signals }) => signals)).toEqual([[], []]);
  last[1]!.turn!.release();
  await clock.advance(0);
  expect(all.map(({ signals }) => signals)).toEqual([[], ['SIGTERM']]);
});

test('a turn that is given back twice counts once', async () => {
  const { begun, clock, all, request, originOf } = await open({ concurrency: 0, scale: { ...scale, target: 6 } });
  await begun(1);
  const [first, second] = [request(), request()];
  await clock.advance(0);
  first.turn!.release();
  first.turn!.release();
  await clock.advance(3 * window);
  const next = request();
  await clock.advance(0);
  expect([all.length, next.turn!.origin, second.turn!.origin]).toEqual([1, originOf(0), originOf(0)]);
});

test('who waited in vain for a start is told that it is not up', async () => {
  const { revision, begun, clock, request, rest, all } = await open({}, { healthy: () => all.length === 0 });
  await begun(1);
  await rest();
  const waiting = request();
  await begun(2);
  await clock.advance(limits.startTime - 1);
  expect(waiting).toEqual({});
  await clock.advance(1);
  expect(waiting.error).toEqual(new NotUp('zip-v1 is not up'));
  // Nobody waits any more, so nothing is started once the window is over.
  await clock.advance(5 * window);
  const { length } = all;
  await clock.advance(5 * window);
  expect([[...revision.replicas], all.length]).toEqual([[], length]);
});

test.each([
  ['has died', (first: Life) => first.die()],
  ['fails its readiness probe', (first: Life) => (first.healthy = false)],
])('who waits for one that %s is told that it is not up as soon as an activator would', async (_name, fail) => {
  const { revision, begun, clock, request, all } = await open({}, { healthy: () => all.length === 0 });
  await begun(1);
  await revision.started;
  fail(all[0]!);
  const { failureThreshold, period } = zipRevision().readiness;
  await clock.advance(failureThreshold * period);
  expect(revision.ready).toBe(false);
  const waiting = request();
  await clock.advance(limits.revisionWait - 1);
  expect(waiting).toEqual({});
  await clock.advance(1);
  expect(waiting.error).toEqual(new NotUp('zip-v1 is not up'));
});

test('one that cannot start anew is abandoned, and tried again for as long as somebody waits', async () => {
  const { begun, clock, request, rest, all, lines } = await open(
    { scale: { ...scale, max: 1 } },
    { healthy: () => all.length === 0 || all.length > limits.startAttempts },
  );
  await begun(1);
  await rest();
  const waiting = request();
  for (let count = 2; count <= 1 + limits.startAttempts; count += 1) {
    await begun(count);
    all.at(-1)!.die();
    await clock.advance(1000);
  }
  expect(lines.at(-1)).toMatch(/^zip-v1: zip-v1 ended with exit code 1 [^]* It is started again when it is needed\.$/);
  await clock.advance(limits.scaleInterval);
  await begun(2 + limits.startAttempts);
  await clock.advance(limits.probeInterval);
  expect(waiting.turn).toBeDefined();
});

test('a revision that does not start the first time is not up, and says why', async () => {
  const { revision, begun, all, clock } = await open({}, { healthy: () => false });
  const failed = expect(revision.started).rejects.toThrow('zip-v1 ended with exit code 1 before it was ready, 3 times in a row.');
  for (let count = 1; count <= limits.startAttempts; count += 1) {
    await begun(count);
    all.at(-1)!.die();
    await clock.advance(1000);
  }
  await failed;
});

test('a revision that has no request stops at once', async () => {
  const { revision, begun, clock, all } = await open();
  await begun(1);
  void revision.stop();
  await clock.advance(0);
  expect(all[0]!.signals).toEqual(['SIGTERM']);
});

test('a revision that stops still starts for those who wait for it', async () => {
  const { revision, begun, clock, request, rest, all, originOf } = await open({}, { healthy: () => all.length === 0 });
  await begun(1);
  await rest();
  const waiting = request();
  await begun(2);
  void revision.stop();
  await clock.advance(limits.drainTime / 2);
  all[1]!.healthy = true;
  await clock.advance(1000);
  expect([waiting.turn?.origin, all[1]!.signals]).toEqual([originOf(1), []]);
  waiting.turn!.release();
  await clock.advance(0);
  expect(all[1]!.signals).toEqual(['SIGTERM']);
});

test('who still waits when a revision has stopped is told that it is not up', async () => {
  const { revision, begun, clock, request } = await open({ scale: { ...scale, max: 1 } });
  await begun(1);
  const [first, second] = [request(), request()];
  await clock.advance(0);
  void revision.stop();
  await clock.advance(limits.drainTime);
  expect([first.error, second.error]).toEqual([undefined, new NotUp('zip-v1 is not up')]);
});

test('who still waits for a start when a revision has stopped is told so at once', async () => {
  const { revision, begun, clock, request, rest, all, told } = await open({}, { healthy: () => all.length === 0 });
  await begun(1);
  await rest();
  const waiting = request();
  await begun(2);
  void revision.stop();
  await clock.advance(limits.drainTime);
  expect(waiting.error).toEqual(new NotUp('zip-v1 is not up'));
  await clock.advance(limits.leastDrainTime);
  expect([[...revision.replicas], told.at(-1)]).toEqual([[], 0]);
});

test('where there can only be one process, its coming and going is no news', async () => {
  const { lines, begun, rest } = await open({ scale: { ...scale, max: 1 } });
  await begun(1);
  await rest();
  expect(lines).toEqual([]);
});

test('a revision that stops lets requests in flight finish, and tells all others that it is not up', async () => {
  const { revision, begun, clock, all, request } = await open({ scale: { ...scale, max: 1 } });
  await begun(1);
  const [first, second] = [request(), request()];
  await clock.advance(0);
  let stopped = false;
  void revision.stop().then(() => (stopped = true));
  await clock.advance(limits.drainTime - 1);
  expect(all[0]!.signals).toEqual([]);
  first.turn!.release();
  await clock.advance(0);
  expect([second.turn?.origin, all[0]!.signals]).toEqual([first.turn!.origin, []]);
  second.turn!.release();
  await clock.advance(0);
  expect([all[0]!.signals, stopped, first.error]).toEqual([['SIGTERM'], true, undefined]);
  const late = request();
  await clock.advance(0);
  expect(late.error).toEqual(new NotUp('zip-v1 is not up'));
  expect(all.length).toBe(1);
  expect(clock.pending()).toEqual([]);
});
