import { once } from 'node:events';
import { createServer } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import { archiveCreated } from '../src/events.ts';
import { publish } from '../src/stage/publish.ts';
import { stage } from '../src/stage/stage.ts';
import { testClock } from './support/clock.ts';

const job = '6b0e1d6a-7a3a-4c1e-9a27-0d4f5f0a8c11';

test('a broker that does not answer is given up on once the time is up', async () => {
  const clock = testClock();
  const broker = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => {
    broker.close();
    broker.closeAllConnections();
  });
  await once(broker, 'listening');
  const asked = once(broker, 'request');
  const { port } = broker.address() as { port: number };
  let given: unknown;
  const publishing = publish(`http://127.0.0.1:${port}`, archiveCreated(job), 10_000, clock).catch((error: unknown) => {
    given = error;
  });
  await asked;
  await clock.advance(9_999);
  expect(given).toBeUndefined();
  await clock.advance(1);
  await publishing;
  expect(given).toMatchObject({ message: `The broker at http://127.0.0.1:${port} did not answer within 10 s` });
});

test('a stage that is told to stop finishes its work, but does not take forever', async () => {
  for (const patient of [true, false]) {
    const clock = testClock();
    const work = Promise.withResolvers<undefined>();
    const { init, handle, shutdown } = stage(
      () => () => work.promise,
      () => ({ type: 'test', job }),
      clock,
    );
    await init();
    const handling = handle({ headers: {} } as Parameters<typeof handle>[0]);
    let stopped = false;
    const stopping = shutdown().then(() => (stopped = true));
    await clock.advance(24_999);
    expect(stopped).toBe(false);
    if (patient) work.resolve(undefined);
    else await clock.advance(1);
    await stopping;
    work.resolve(undefined);
    await handling;
  }
});
