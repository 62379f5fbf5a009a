import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import type { RevisionSpec, ServiceSpec } from '../src/manifest/topology.ts';
import { choose, createFleet, type FleetOptions } from '../src/process/fleet.ts';
import { NotUp } from '../src/process/revision.ts';
import { makeFolder } from './folders.ts';
import { createLives, zipRevision } from './lives.ts';

const revision = (name: string, rest: Partial<RevisionSpec> = {}) => zipRevision({ name, ...rest });
const service = (revisions: RevisionSpec[], traffic = [{ revision: revisions[0]!.name, percent: 100 }]): ServiceSpec => ({
  name: 'zip',
  http: true,
  revisions,
  traffic,
});

async function open(options: Parameters<typeof createLives>[0] = {}, fleetOptions: FleetOptions = {}) {
  const lives = createLives(options);
  const lines: string[] = [];
  const fleet = createFleet(
    { TMPDIR: await makeFolder() },
    (name, line) => lines.push(`${name}: ${line}`),
    lives.surroundings,
    fleetOptions,
  );
  const { all, clock, begun } = lives;
  /** Applies services, once all that is new has begun. */
  async function apply(services: ServiceSpec[], begin: number) {
    const prepared = fleet.prepare(services);
    await begun(begin);
    (await prepared)();
  }
  const origin = async (tag?: string) => (await fleet.pick('zip', tag).turn()).origin;
  const originOf = (index: number) => `http://127.0.0.1:${all[index]!.program.environment['PORT']}`;
  return { fleet, all, clock, begun, apply, origin, originOf, lines };
}

test('a service is up once every revision is ready and the traffic has shifted, not before', async () => {
  const { fleet, all, clock, begun, origin, originOf } = await open({ healthy: () => false });
  let prepared: (() => void) | undefined;
  void fleet.prepare([service([revision('v1'), revision('v2')])]).then((shift) => (prepared = shift));
  await begun(2);
  all[0]!.healthy = true;
  await clock.advance(1000);
  expect([prepared, fleet.ready]).toEqual([undefined, false]);
  all[1]!.healthy = true;
  await clock.advance(1000);
  expect(() => fleet.pick('zip')).toThrow(new NotUp('zip is not up'));
  expect(fleet.ready).toBe(false);
  prepared!();
  expect(fleet.ready).toBe(true);
  const first = all.findIndex(({ program }) => program.environment['K_REVISION'] === 'v1');
  expect(await origin()).toBe(originOf(first));
  expect(() => fleet.pick('other')).toThrow(NotUp);
});

test('a fleet is ready while each of its processes is', async () => {
  const { fleet, all, clock, apply } = await open();
  expect(fleet.ready).toBe(false);
  await apply([service([revision('v1'), revision('v2')])], 2);
  expect(fleet.ready).toBe(true);
  all[1]!.healthy = false;
  const { failureThreshold, period } = zipRevision().readiness;
  await clock.advance(failureThreshold * period);
  expect(fleet.ready).toBe(false);
});

test('a change of the manifests leaves alone what is the same, and ends what is changed or gone once traffic has shifted', async () => {
  const { fleet, all, clock, begun, apply, origin, originOf } = await open();
  await apply([service([revision('same')])], 1);
  await apply([service([revision('same'), revision('changed'), revision('gone')])], 3);
  const prepared = fleet.prepare([service([revision('same'), revision('changed', { environment: { A: '1' } })])]);
  await begun(4);
  const shift = await prepared;
  await clock.advance(0);
  expect(all.map(({ signals }) => signals)).toEqual([[], [], [], []]);
  expect(await origin()).toBe(originOf(0));
  shift();
  await clock.advance(0);
  expect(all.map(({ signals }) => signals)).toEqual([[], ['SIGTERM'], ['SIGTERM'], []]);
  expect(await origin()).toBe(originOf(0));
});

test.each([
  ['one process', 1, {}],
  ['several processes', 2, { scaleOut: true }],
])('a revision of %s that is replaced under its own name keeps its folders until it has finished', async (_name, count, how) => {
  const { fleet, all, clock, apply } = await open({}, how);
  const scale = { ...zipRevision().scale, min: count, max: count };
  await apply([service([revision('v1', { scale })])], count);
  // Each replica has a request, and something in its folder that the request needs.
  const turns = await Promise.all(all.map(() => fleet.pick('zip').turn()));
  const folders = () => all.map(({ program }) => program.environment['TMPDIR']!);
  const before = folders();
  for (const folder of before) await writeFile(join(folder, 'half'), 'of a photo');
  await apply([service([revision('v1', { scale, build: 'b' })])], 2 * count);
  await clock.advance(0);
  const after = folders().slice(count);
  expect(new Set(folders()).size).toBe(2 * count);
  for (const folder of before) expect(await readFile(join(folder, 'half'), 'utf8')).toBe('of a photo');
  for (const folder of after) {
    expect(await readdir(folder)).toEqual([]);
    await writeFile(join(folder, 'half'), 'of another');
  }
  for (const turn of turns) turn.release();
  await clock.advance(0);
  await expect.poll(() => before.filter((folder) => existsSync(folder))).toEqual([]);
  for (const folder of after) expect(await readFile(join(folder, 'half'), 'utf8')).toBe('of another');
});

test('traffic follows the manifests without a process being started', async () => {
  const { all, clock, apply, origin, originOf } = await open();
  const both = [revision('v1'), revision('v2')];
  const at = (name: string) => originOf(all.findIndex(({ program }) => program.environment['K_REVISION'] === name));
  await apply([service(both, [{ revision: 'v1', percent: 100 }])], 2);
  expect(await origin()).toBe(at('v1'));
  await apply([service(both, [{ revision: 'v2', percent: 100 }])], 2);
  await clock.advance(0);
  expect(await origin()).toBe(at('v2'));
  expect(all.map(({ signals }) => signals)).toEqual([[], []]);
});

test('if something new does not start, everything that is new ends, and the rest goes on as it was', async () => {
  const { fleet, all, clock, begun, apply, origin, originOf } = await open({
    healthy: ({ environment }) => environment['K_REVISION'] !== 'bad',
  });
  await apply([service([revision('old')])], 1);
  const failed = expect(fleet.prepare([service([revision('old'), revision('good'), revision('bad')])])).rejects.toThrow(
    'bad ended with exit code 1 before it was ready, 3 times in a row.',
  );
  await begun(3);
  for (let deaths = 0; deaths < 3; deaths += 1) {
    const bad = () => all.filter(({ program }) => program.environment['K_REVISION'] === 'bad');
    await begun(3 + deaths);
    expect(bad().length).toBe(deaths + 1);
    bad().at(-1)!.die();
    await clock.advance(1000);
  }
  await failed;
  await clock.advance(0);
  const signals = Object.fromEntries(all.map((life) => [life.program.environment['K_REVISION'], life.signals]));
  expect(signals).toMatchObject({ old: [], good: ['SIGTERM'] });
  expect([await origin(), fleet.ready]).toEqual([originOf(0), true]);
});

test('a revision without requests has no process, the fleet is up without one, and the next request waits for one', async () => {
  let changes = 0;
  const { fleet, all, clock, begun, apply, origin, originOf } = await open({}, { changed: () => (changes += 1) });
  await apply([service([revision('v1')])], 1);
  expect(fleet.replicas.map(({ spec, ready }) => [spec.name, ready])).toEqual([['v1', true]]);
  await clock.advance(3_600_000);
  expect([fleet.replicas, all[0]!.signals, fleet.ready]).toEqual([[], ['SIGTERM'], true]);
  expect(changes).toBeGreaterThan(0);
  const waiting = origin();
  await begun(2);
  await clock.advance(1000);
  expect(await waiting).toBe(originOf(1));
});

test.each([
  [1, {}],
  [3, { scaleOut: true }],
])('a revision with a min-scale of 3 keeps %d however long it idles: %o', async (count, how) => {
  const { fleet, all, clock, apply } = await open({}, how);
  await apply([service([revision('v1', { scale: { ...zipRevision().scale, min: 3 } })])], count);
  await clock.advance(3_600_000);
  expect([fleet.replicas.length, all.map(({ signals }) => signals)]).toEqual([count, all.map(() => [])]);
});

test('unless it scales out, a revision has one process for any number of requests', async () => {
  const { fleet, all, clock, apply } = await open();
  await apply([service([revision('v1', { scale: { ...zipRevision().scale, target: 1 } })])], 1);
  await Promise.all(Array.from({ length: 20 }, () => fleet.pick('zip').turn()));
  await clock.advance(600_000);
  expect([fleet.replicas.length, all.length]).toEqual([1, 1]);
});

test('a fleet that stops ends every process, also those that are starting or leaving', async () => {
  const { fleet, all, clock, begun, apply } = await open({ heedsSignal: false });
  await apply([service([revision('leaving')])], 1);
  await fleet.pick('zip').turn();
  await apply([service([revision('running')])], 2);
  all[1]!.healthy = false;
  const starting = fleet.prepare([service([revision('running'), revision('starting')])]);
  starting.catch(() => undefined);
  await begun(3);
  let stopped = false;
  void fleet.stop().then(() => (stopped = true));
  await clock.advance(0);
  expect(all.map(({ signals }) => signals)).toEqual([[], ['SIGTERM'], ['SIGTERM']]);
  all[1]!.die();
  all[2]!.die();
  await clock.advance(0);
  expect(stopped).toBe(false);
  await clock.advance(60_000);
  expect([all[0]!.signals, stopped]).toEqual([['SIGTERM', 'SIGKILL'], true]);
});

const targets = [
  { revision: 'v1', tag: 'one', percent: 80 },
  { revision: 'v2', tag: 'two', percent: 20 },
  { revision: 'v3', tag: 'three', percent: 0 },
];
test.each<[number, string | undefined, string]>([
  [0, undefined, 'v1'],
  [0.799, undefined, 'v1'],
  [0.8, undefined, 'v2'],
  [0.999_999, undefined, 'v2'],
  [0, 'two', 'v2'],
  [0, 'three', 'v3'],
  [0.9, 'unknown', 'v2'],
])('of 80 : 20 : 0, the draw %f and the tag %s lead to %s', (draw, tag, expected) => {
  const random = vi.spyOn(Math, 'random').mockReturnValue(draw);
  expect(choose(targets, tag)?.revision).toBe(expected);
  random.mockRestore();
});

test('without traffic there is no choice, and what has no tag is not chosen by one', () => {
  expect(choose([])).toBeUndefined();
  expect(choose([], 'one')).toBeUndefined();
  const untagged = [
    { revision: 'v1', percent: 0 },
    { revision: 'v2', percent: 100 },
  ];
  expect(choose(untagged)?.revision).toBe('v2');
});
