import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { askHttp, untilHealthy, watchHealth } from '../src/process/probe.ts';
import { eventually } from './broker-suite/subject.ts';
import { limits } from '../src/limits.ts';
import { testClock } from './clock.ts';
import { startSubscriber } from './subscriber.ts';

const never = new AbortController().signal;

test.each([
  [200, true],
  [204, true],
  [399, true],
  [400, false],
  [404, false],
  [503, false],
])('an answer of %i is a success: %s, as for the kubelet', async (status, success) => {
  const { url, received } = await startSubscriber((response) => response.writeHead(status).end('a body'));
  expect(await askHttp(url, never)).toBe(success);
  expect(received[0]!.method).toBe('GET');
});

test('a body without end does not hold up a probe, and a probe keeps no connection', async () => {
  const closed = Promise.withResolvers<void>();
  const { url } = await startSubscriber((response) => {
    response.once('close', () => closed.resolve());
    response.writeHead(200).write('and');
  });
  expect(await askHttp(url, never)).toBe(true);
  await closed.promise;
});

test('no connection, and one that is given up, are failures', async () => {
  expect(await askHttp('http://127.0.0.1:1/', never)).toBe(false);
  const { url, received } = await startSubscriber(() => undefined);
  const leaving = new AbortController();
  const asked = askHttp(url, leaving.signal);
  await eventually(() => expect(received.length).toBe(1));
  leaving.abort();
  expect(await asked).toBe(false);
});

const probe = { url: 'any', period: 10_000, timeout: 1000, failureThreshold: 2 };

/** A prober whose questions the test answers. */
function open() {
  const clock = testClock();
  const stopping = new AbortController();
  const questions: { at: number; answer: (success: boolean) => void; signal: AbortSignal }[] = [];
  const begun = clock.now();
  const ask = (_url: string, signal: AbortSignal) =>
    new Promise<boolean>((answer) => void questions.push({ at: clock.now() - begun, answer, signal }));
  const changes: boolean[] = [];
  return { clock, stopping, questions, changes, prober: { ask, clock, signal: stopping.signal } };
}

test('a starting process is asked again and again until it answers; a question without an answer is given up', async () => {
  const { clock, questions, stopping, prober } = open();
  let healthy: boolean | undefined;
  void untilHealthy(probe, prober).then((found) => (healthy = found));
  questions[0]!.answer(false);
  await clock.advance(limits.probeInterval);
  expect(questions.map(({ at }) => at)).toEqual([0, limits.probeInterval]);
  await clock.advance(probe.timeout - 1);
  expect(questions[1]!.signal.aborted).toBe(false);
  await clock.advance(1);
  expect(questions[1]!.signal.aborted).toBe(true);
  await clock.advance(limits.probeInterval);
  expect([questions.length, healthy]).toEqual([3, undefined]);
  questions[2]!.answer(true);
  await clock.advance(0);
  expect([healthy, clock.pending()]).toEqual([true, []]);
  expect(getEventListeners(stopping.signal, 'abort').length).toBe(0);
});

test.each([
  ['between two questions', true],
  ['while a question is open', false],
])('a process that is gone is not asked any more: %s', async (_name, answered) => {
  const { clock, questions, stopping, prober } = open();
  let healthy: boolean | undefined;
  void untilHealthy(probe, prober).then((found) => (healthy = found));
  if (answered) questions[0]!.answer(false);
  await clock.advance(0);
  stopping.abort();
  if (!answered) questions[0]!.answer(true);
  await clock.advance(60_000);
  expect([healthy, questions.length]).toEqual([false, 1]);
});

test('health changes after so many failures in a row, once, and back after one success', async () => {
  const { clock, questions, changes, prober } = open();
  void watchHealth(probe, prober, (healthy) => changes.push(healthy));
  const next = async (success: boolean) => {
    await clock.advance(probe.period);
    questions.at(-1)!.answer(success);
    await clock.advance(0);
    return [...changes];
  };
  expect(await next(true)).toEqual([]);
  expect(await next(false)).toEqual([]);
  expect(await next(true)).toEqual([]);
  expect(await next(false)).toEqual([]);
  expect(await next(false)).toEqual([false]);
  expect(await next(false)).toEqual([false]);
  expect(await next(true)).toEqual([false, true]);
  expect(await next(true)).toEqual([false, true]);
  expect(await next(false)).toEqual([false, true]);
  expect(await next(false)).toEqual([false, true, false]);
  expect(await next(true)).toEqual([false, true, false, true]);
  expect(questions.map(({ at }) => at)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11].map((count) => count * probe.period));
});

test('the period runs from question to question, however late an answer, and is not longer if the clock was set back', async () => {
  const { clock, questions, prober } = open();
  void watchHealth(probe, prober, () => undefined);
  await clock.advance(probe.period + probe.timeout);
  await clock.advance(probe.period - probe.timeout);
  expect(questions.map(({ at }) => at)).toEqual([10_000, 20_000]);
  questions[1]!.answer(true);
  clock.jump(-3_600_000);
  await clock.advance(probe.period - 1);
  expect(questions.length).toBe(2);
  await clock.advance(1);
  expect(questions.length).toBe(3);
});

test.each([
  [2 * probe.timeout, [false]],
  [2 * probe.timeout + 1, []],
])(
  'failures that took %i ms by the clock: the reports are %j, since this process itself may have stood still',
  async (took, expected) => {
    const { clock, questions, changes, prober } = open();
    void watchHealth({ ...probe, timeout: 1000 }, prober, (healthy) => changes.push(healthy));
    for (let round = 0; round < 2; round += 1) {
      await clock.advance(clock.pending()[0] ?? 0);
      clock.jump(took);
      questions.at(-1)!.answer(false);
      await clock.advance(0);
    }
    expect([questions.length, changes]).toEqual([2, expected]);
  },
);

test('a process that is gone is no longer watched', async () => {
  const { clock, questions, changes, stopping, prober } = open();
  let over = false;
  void watchHealth({ ...probe, failureThreshold: 1 }, prober, (healthy) => changes.push(healthy)).then(() => (over = true));
  await clock.advance(probe.period);
  stopping.abort();
  questions[0]!.answer(false);
  await clock.advance(60_000);
  expect([questions.length, changes, over]).toEqual([1, [], true]);
  const idle = open();
  over = false;
  void watchHealth(probe, idle.prober, () => undefined).then(() => (over = true));
  await idle.clock.advance(1);
  idle.stopping.abort();
  await idle.clock.advance(0);
  expect([over, idle.questions.length]).toEqual([true, 0]);
});
