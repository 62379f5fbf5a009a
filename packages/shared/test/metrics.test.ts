import { setImmediate as immediate } from 'node:timers/promises';
import { counter, gauge, histogram, type Measurement, record, registry, relayTo } from '@darkroom/shared/metrics/registry';
import { serveMetrics } from '@darkroom/shared/metrics/server';
import { entriesOf } from '@darkroom/shared/store';
import { measured } from '@darkroom/shared/store/measured';
import { expect, test } from 'vitest';
import { testClock } from './support/clock.ts';
import { memoryStore } from './support/memory-store.ts';

const samples = async (name: string) =>
  (await registry.metrics()).split('\n').filter((line) => line.startsWith(name) && !line.includes('_bucket'));

test('what is never used is not shown; what is used has its labels', async () => {
  const prints = counter('test_prints_total', 'Prints', ['filter']);
  const seconds = histogram('test_wait_seconds', 'Waits', ['stage'], [1, 2]);
  const open = gauge('test_open', 'Open');
  expect(await samples('test_')).toEqual([]);
  prints.inc({ filter: 'sepia' });
  prints.inc({ filter: 'sepia' }, 2);
  seconds.observe({ stage: 'zip' }, 1.5);
  open.add(3);
  open.set(2);
  expect(await samples('test_')).toEqual([
    'test_prints_total{filter="sepia"} 3',
    'test_wait_seconds_sum{stage="zip"} 1.5',
    'test_wait_seconds_count{stage="zip"} 1',
    'test_open 2',
  ]);
});

test('what a process counts for another is sent there, as it is; what that does not know is left out', async () => {
  const relayed = counter('test_relayed_total', 'Relayed', ['filter']);
  const sent: Measurement[] = [];
  relayTo((measurement) => sent.push(measurement));
  try {
    relayed.inc({ filter: 'sepia' }, 2);
  } finally {
    relayTo(record);
  }
  expect(sent).toEqual([{ metric: 'test_relayed_total', labels: { filter: 'sepia' }, value: 2 }]);
  expect(await samples('test_relayed')).toEqual([]);
  for (const measurement of [...sent, { ...sent[0]!, metric: 'unheard_of' }]) record(measurement);
  expect(await samples('test_relayed')).toEqual(['test_relayed_total{filter="sepia"} 2']);
});

test('calls of a store are timed, those that fail as such; a listing ends with its last entry', async () => {
  const store = memoryStore();
  const watched = measured(store);
  await watched.write('a/b', Buffer.from('x'));
  for await (const entry of watched.list('a/')) expect(entry.key).toBe('a/b');
  for await (const _ of watched.list('a/')) break;
  store.stat = () => Promise.reject(new Error('EIO'));
  await expect(watched.stat('a/b')).rejects.toThrow('EIO');
  store.list = async function* () {
    yield* [];
    throw new Error('EIO');
  };
  await expect(entriesOf(watched, 'a/')).rejects.toThrow('EIO');
  const counts = (await samples('darkroom_store_call_duration_seconds_count')).sort();
  expect(counts).toEqual(
    [
      'call="list",outcome="failed"} 1',
      'call="list",outcome="ok"} 1',
      'call="stat",outcome="failed"} 1',
      'call="write",outcome="ok"} 1',
    ].map((rest) => `darkroom_store_call_duration_seconds_count{${rest}`),
  );
  expect(watched.presign).toBeUndefined();
});

test('without METRICS_PORT nothing listens, and a wrong one is told', async () => {
  expect(await serveMetrics({})).toBeUndefined();
  await expect(serveMetrics({ METRICS_PORT: 'x' })).rejects.toThrow('METRICS_PORT: must be a whole number');
});

test('a process waits at its end until it is read once more, or for as long as it may', async () => {
  const clock = testClock();
  const server = (await serveMetrics({ METRICS_PORT: '0', METRICS_LINGER: '20' }, clock))!;
  const read = async (path: string) => fetch(`http://127.0.0.1:${server.port}${path}`);
  expect((await read('/')).status).toBe(404);
  expect(await (await read('/metrics')).text()).toContain('process_cpu_seconds_total');

  let over = 0;
  const end = () => void server.lastRead().then(() => (over += 1));
  end();
  await immediate();
  expect(over).toBe(0);
  await (await read('/metrics')).text();
  await expect.poll(() => over).toBe(1);

  end();
  await clock.advance(19_999);
  expect(over).toBe(1);
  await clock.advance(1);
  expect(over).toBe(2);
});
