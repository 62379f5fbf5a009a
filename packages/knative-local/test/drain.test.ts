import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { type Clock, systemClock } from '../src/clock.ts';
import { limits } from '../src/limits.ts';
import { machineEnvironment } from '../src/machine.ts';
import { startRuntime } from '../src/runtime.ts';
import { eventually, send } from './broker-suite/subject.ts';
import { tagged } from './client.ts';
import { testClock } from './clock.ts';
import { copyFixtures } from './folders.ts';
import { binary } from './subscriber.ts';

/** Takes requests and events, never answers them, and ignores SIGTERM. */
const stubborn = `
import { createServer } from 'node:http';
createServer((request, response) => {
  if (request.url.startsWith('/health/')) return response.end('OK');
  console.log('has work');
}).listen(process.env.PORT, '127.0.0.1');
process.on('SIGTERM', () => console.log('was asked to stop'));
`;

/** The real runtime with stubborn functions. From `freeze()` on, its time passes only as the test says. */
async function open() {
  const folder = await copyFixtures();
  for (const name of ['ingest', 'stage']) await writeFile(join(folder, `functions/${name}/dist/index.mjs`), stubborn);
  const driven = testClock();
  let current: Clock = systemClock;
  const lines: string[] = [];
  const runtime = startRuntime({
    config: [join(folder, 'config')],
    functions: join(folder, 'functions'),
    settings: { config: 'CONFIG', functions: 'FUNCTIONS' },
    operator: { COLLECTOR_OUTPUT: join(folder, 'events') },
    host: '127.0.0.1',
    port: 0,
    anotherPort: String,
    unavailable: 'Come back later.',
    environment: ({ brokerUrl }) => ({ ...machineEnvironment(process.env, folder), K_SINK: brokerUrl }),
    log: (name, line) => lines.push(`${name}: ${line}`),
    clock: { now: () => current.now(), sleep: (...args) => current.sleep(...args) },
  });
  onTestFinished(() => {
    current = systemClock;
    return runtime.stop();
  });
  const { port, brokerUrl } = await runtime.started;
  return { runtime, url: `http://127.0.0.1:${port}`, brokerUrl, lines, clock: driven, freeze: () => void (current = driven) };
}

test('requests and deliveries, then processes, get their time to finish and not a millisecond more', async () => {
  const { runtime, url, brokerUrl, lines, clock, freeze } = await open();
  const said = (line: string) => eventually(() => expect(lines).toContain(line));
  /** Until something waits that long. */
  const waits = (ms: number) =>
    eventually(async () => {
      await clock.advance(0);
      expect(clock.pending()).toContain(ms);
    });
  const events: string[] = [];
  const request = fetch(url, tagged('v1')).then(
    () => events.push('the request is answered'),
    () => events.push('the request is cut off'),
  );
  expect((await send(brokerUrl, binary({ type: 'test.published' }))).status).toBe(202);
  await said('ingest-v1: has work');
  await said('stage: has work');

  freeze();
  const stopped = runtime.stop().then(() => events.push('the runtime has stopped'));
  await waits(limits.drainTime);
  await clock.advance(limits.drainTime - 1);
  expect([events, clock.pending()]).toEqual([[], [1]]);
  await clock.advance(1);
  await request;
  expect(events).toEqual(['the request is cut off']);

  // Those without work are asked to stop at once; the one that still has a delivery gets as much time again to finish it.
  await said('ingest-v1: was asked to stop');
  await said('ingest-v2: was asked to stop');
  await waits(limits.drainTime);
  await clock.advance(limits.drainTime - 1);
  expect(lines).not.toContain('stage: was asked to stop');
  await clock.advance(1);
  await said('stage: was asked to stop');
  await waits(limits.leastDrainTime);
  await clock.advance(limits.leastDrainTime - 1);
  expect([events.length, clock.pending()]).toEqual([1, [1]]);
  await clock.advance(1);
  await stopped;
  expect(lines.filter((line) => line.startsWith('broker: '))).toEqual([
    'broker: stops with 1 event on the way; those that wait are dropped',
  ]);
});
