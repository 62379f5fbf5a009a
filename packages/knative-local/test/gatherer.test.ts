import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished, expect, test } from 'vitest';
import { eventually } from './broker-suite/subject.ts';
import { testClock } from './clock.ts';
import type { Families } from '../src/metrics/exposition.ts';
import { createGatherer } from '../src/metrics/gatherer.ts';

const types = '# TYPE done_total counter\n# TYPE wait_seconds histogram\n# TYPE busy gauge\n';

/** A process that says what the test says. */
async function openProcess(process: string, said: { text: string; status?: number }, service = 'sepia') {
  let asked = 0;
  const server = createServer((_request, response) => {
    response.writeHead(said.status ?? 200).end(types + said.text, () => (asked += 1));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => void server.close());
  const vitals: { pid: number | undefined; since: number; restarts: number } = { pid: 1, since: 0, restarts: 0 };
  return {
    id: process,
    process,
    metricsUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    vitals,
    spec: { service },
    asked: () => asked,
  };
}
const samples = (text: string) => text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));

test('of several processes of a service, what counts up is added up, and what goes up and down is told of each', async () => {
  const first = await openProcess('sepia', { text: 'done_total{outcome="ok"} 2\nwait_seconds_sum 1.5\nbusy 1' });
  const second = await openProcess('sepia.2', { text: 'done_total{outcome="ok"} 3\nwait_seconds_sum 2\nbusy 0' });
  const other = await openProcess('zip', { text: 'done_total{outcome="ok"} 7' }, 'zip');
  const { text } = createGatherer(() => [first, second, other]);
  expect(samples(await text())).toEqual([
    'done_total{service="sepia",outcome="ok"} 5',
    'done_total{service="zip",outcome="ok"} 7',
    'wait_seconds_sum{service="sepia"} 3.5',
    'busy{service="sepia",pod="sepia"} 1',
    'busy{service="sepia",pod="sepia.2"} 0',
  ]);
});

test('what a process counted stays when it has ended, by what it said last', async () => {
  const said = { text: 'done_total 2\nbusy 1' };
  const process = await openProcess('sepia', said);
  let present = [process];
  const gatherer = createGatherer(() => present);
  await gatherer.text();
  said.text = 'done_total 3\nbusy 1';
  await gatherer.lastRead(process);
  present = [];
  expect(samples(await gatherer.text())).toEqual(['done_total{service="sepia"} 3']);
  present = [await openProcess('sepia again', { text: 'done_total 1\nbusy 0' })];
  for (let count = 0; count < 2; count += 1)
    expect(samples(await gatherer.text())).toEqual([
      'done_total{service="sepia"} 4',
      'busy{service="sepia",pod="sepia again"} 0',
    ]);
});

test('a process that was killed and started again begins at zero, and the sum does not', async () => {
  const said = { text: 'done_total 2' };
  const process = await openProcess('sepia', said);
  const gatherer = createGatherer(() => [process]);
  await gatherer.text();
  process.vitals.pid = undefined;
  expect(samples(await gatherer.text())).toEqual(['done_total{service="sepia"} 2']);
  process.vitals.pid = 2;
  said.text = 'done_total 1';
  expect(samples(await gatherer.text())).toEqual(['done_total{service="sepia"} 3']);
});

test('what a process counted is known even where nobody asked, when it is killed', async () => {
  const process = await openProcess('sepia', { text: 'done_total 2' });
  let present = [process];
  const clock = testClock();
  const gatherer = createGatherer(() => present, undefined, clock);
  const over = new AbortController();
  const taken: number[] = [];
  const take = (families: Families) => void taken.push(...families.get('done_total')!.samples.values());
  const reading = gatherer.keepReading(over.signal, take);
  await clock.advance(5000);
  await eventually(() => expect(process.asked()).toBe(1));
  await eventually(() => expect(taken).toEqual([2]));
  present = [];
  await expect.poll(async () => samples(await gatherer.text())).toEqual(['done_total{service="sepia"} 2']);
  over.abort();
  await reading;
});

test('a process that does not answer, or not with metrics, keeps what it said before', async () => {
  const said: { text: string; status?: number } = { text: 'done_total 2' };
  const process = await openProcess('sepia', said);
  const gatherer = createGatherer(() => [process]);
  await gatherer.text();
  said.status = 404;
  expect(samples(await gatherer.text())).toEqual(['done_total{service="sepia"} 2']);
  const silent = createGatherer(() => [
    { ...process, metricsUrl: 'http://127.0.0.1:1' },
    { ...process, metricsUrl: undefined },
  ]);
  expect(await silent.text()).toBe('');
});

test('with what is measured here', async () => {
  const process = await openProcess('sepia', { text: 'done_total 2' });
  const { text } = createGatherer(
    () => [process],
    async () => '# TYPE own counter\nown{trigger="x"} 1\n',
  );
  expect(samples(await text())).toEqual(['own{trigger="x"} 1', 'done_total{service="sepia"} 2']);
});
