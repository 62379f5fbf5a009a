import { Rejected, Unavailable } from '@darkroom/shared/errors';
import { archiveCreated, eventType, type Incoming, jobCompleted } from '@darkroom/shared/events';
import { type Handler, stage } from '@darkroom/shared/stage';
import type { Context } from 'faas-js-runtime';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

const job = '00000000-0000-4000-8000-000000000001';
const event = { type: eventType.imageUploaded, source: '/x', id: '1', job, image: '1' };
const context = (headers: Record<string, string> = {}) => ({ headers }) as unknown as Context;

const open = async (handler: Handler<Incoming>) => {
  const opened = stage(() => handler);
  await opened.init();
  return opened;
};
/** What the runtime answers with when a stage fails: `code` is the status, `message` the body. */
const failureOf = (handled: Promise<unknown>) =>
  handled.then(
    () => undefined,
    (error: unknown) => error as { code: number; message: string },
  );

let errors: ReturnType<typeof vi.spyOn>;
beforeEach(() => {
  errors = vi.spyOn(console, 'error').mockImplementation(() => undefined);
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  vi.useRealTimers();
});

test('a stage receives what was checked, and what it returns is the next event', async () => {
  const received: Incoming[] = [];
  const next = archiveCreated(job);
  const { handle } = await open(async (incoming) => {
    received.push(incoming);
    return next;
  });
  expect(await handle(context(), event)).toBe(next);
  expect(received).toEqual([event]);
});

test('a stage receives all attributes of its event as texts, and neither its data nor what is no attribute', async () => {
  const received: Incoming[] = [];
  const { handle } = await open(async (incoming) => void received.push(incoming));
  await handle(context(), jobCompleted({ job }, 'failed'));
  await handle(context(), { ...event, archive: true, count: 3, odd: { x: 1 }, data: 'x', data_base64: 'eA==', Upper: 'x' });
  const { id, source, type, specversion, time, datacontenttype } = jobCompleted({ job }, 'failed');
  expect(received).toEqual([
    {
      id,
      source,
      type,
      specversion,
      datacontenttype,
      job,
      outcome: 'failed',
      webhook: 'false',
      time: expect.stringContaining(time!.slice(0, 4)),
    },
    { ...event, archive: 'true', count: '3' },
  ]);
});

test('settings are read once, before the port opens', async () => {
  const opened = vi.fn(() => async () => undefined);
  const { init, handle } = stage(opened);
  expect(opened).not.toHaveBeenCalled();
  await init();
  for (let count = 0; count < 2; count += 1) expect(await handle(context(), event)).toBeUndefined();
  expect(opened).toHaveBeenCalledTimes(1);
});

test('a wrong setting keeps the stage from starting', async () => {
  const { init } = stage(() => {
    throw new Error('STORE_URL is missing');
  });
  await expect(init()).rejects.toThrow('STORE_URL is missing');
});

test('before it is ready, a stage fails in a way that is retried', async () => {
  const { handle } = stage(() => async () => undefined);
  const message = expect.stringContaining('init()');
  expect(await failureOf(handle(context(), event))).toMatchObject({ code: 500, message });
});

test("a stage may accept events other than Darkroom's", async () => {
  const handled: unknown[] = [];
  const { init, handle } = stage(
    () => async (received: { type: string; text: string }) => void handled.push(received.text),
    (received) => ({ type: 'other', text: String(received) }),
  );
  await init();
  await handle(context(), 'hello');
  expect(handled).toEqual(['hello']);
});

test.each<[string, () => unknown, number, string]>([
  ['a photo that no retry can help', () => new Rejected('Not a photo.'), 422, 'Not a photo.'],
  ['a job that is gone', () => new Rejected('It is gone.', { status: 410 }), 410, 'It is gone.'],
  ['a machine without room', () => new Unavailable('No room.'), 503, 'No room.'],
  ['a fault of the disk', () => Object.assign(new Error('no space'), { code: 'ENOSPC' }), 500, 'no space'],
  ['a fault with a status of its own', () => Object.assign(new Error('away'), { status: 404, code: 404 }), 500, 'away'],
  ['anything else that is thrown', () => 'words', 500, 'words'],
])('%s: the broker learns whether to try again', async (_kind, fault, code, message) => {
  const { handle } = await open(async () => {
    throw fault();
  });
  expect(await failureOf(handle(context(), event))).toMatchObject({ code, message });
});

test('an answer has whole characters, at most 700 bytes, and no address', async () => {
  const { handle } = await open(async () => {
    throw new Error(`for person@example.com ${'ü'.repeat(900)}`);
  });
  const { message } = (await failureOf(handle(context(), event)))!;
  expect(message).toMatch(/^for \[address\] ü+/);
  expect(message).not.toContain('\ufffd');
  expect(Buffer.byteLength(message)).toBeLessThanOrEqual(700);
  expect(Buffer.byteLength(message)).toBeGreaterThan(690);
});

test('the log shows where a mistake of our own happened, but not where a photo was rejected', async () => {
  const faults = [new Rejected('Not a photo.'), new Error('a mistake')];
  const { handle } = await open(async () => {
    throw faults.shift();
  });
  await failureOf(handle(context(), event));
  expect(errors).not.toHaveBeenCalled();
  await failureOf(handle(context(), event));
  expect(errors).toHaveBeenCalledExactlyOnceWith(expect.stringContaining('stage.test.ts'));
});

test('the log says what became of which photo, and how long it took', async () => {
  const lines = vi.spyOn(console, 'log').mockImplementation(() => undefined);
  let now = 5000;
  vi.spyOn(performance, 'now').mockImplementation(() => now);
  const ends = [async () => archiveCreated(job), async () => undefined, () => Promise.reject(new Rejected('Not a photo.'))];
  const { handle } = await open(async () => {
    now += 84;
    return ends.shift()!();
  });
  const printed = { ...event, type: eventType.filterFinished, filter: 'sepia' };
  for (let count = 0; count < 3; count += 1) await handle(context(), printed).catch(() => undefined);
  const fields = `job=${job} image=1 filter=sepia`;
  expect(lines.mock.calls.flat()).toEqual([
    `emitted ${eventType.archiveCreated} ${fields} ms=84`,
    `waiting after ${eventType.filterFinished} ${fields} ms=84`,
    `failed at ${eventType.filterFinished} ${fields} error="Not a photo."`,
  ]);
});

test.each([
  ['no event', undefined],
  ['no job', { type: event.type }],
  ['a job that is a path', { ...event, job: '../../etc' }],
])('%s is refused before the stage sees it', async (_kind, received) => {
  const handler = vi.fn(async () => undefined);
  const { handle } = await open(handler);
  expect(await failureOf(handle(context(), received))).toMatchObject({ code: 400 });
  expect(handler).not.toHaveBeenCalled();
});

test('with EVENT_TOKEN, only the broker is heard', async () => {
  vi.stubEnv('EVENT_TOKEN', 'secret');
  const handler = vi.fn(async () => undefined);
  const { handle } = await open(handler);
  for (const stranger of [{}, { authorization: 'Bearer other' }])
    // A stranger does not even learn whether the event makes sense.
    expect(await failureOf(handle(context(stranger), {}))).toMatchObject({ code: 401 });
  expect(await failureOf(handle({} as Context, event))).toMatchObject({ code: 401 });
  expect(handler).not.toHaveBeenCalled();
  await handle(context({ authorization: 'Bearer secret' }), event);
  expect(handler).toHaveBeenCalledTimes(1);
});

/** Whether a promise has settled once everything that need not wait has happened. */
async function isOver(work: Promise<unknown>): Promise<boolean> {
  let over = false;
  void work.then(() => (over = true));
  for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  return over;
}

test('a stage that is told to stop finishes what it has begun, however that ends', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const ends: { resolve: (value?: undefined) => void; reject: (error: Error) => void }[] = [];
  const { handle, shutdown } = await open(
    () => new Promise<undefined>((resolve, reject) => ends.push({ resolve: () => resolve(undefined), reject })),
  );
  const work = [handle(context(), event), failureOf(handle(context(), event))];
  const stopped = shutdown();
  expect(await isOver(stopped)).toBe(false);
  ends[1]!.reject(new Error('failed'));
  expect(await isOver(stopped)).toBe(false);
  ends[0]!.resolve();
  expect(await isOver(stopped)).toBe(true);
  await Promise.all(work);
});

test('a stage that is done stops at once, even after work that failed', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const { handle, shutdown } = await open(async () => {
    throw new Error('failed');
  });
  await failureOf(handle(context(), event));
  expect(await isOver(shutdown())).toBe(true);
});

test('probes are answered at once', async () => {
  const { liveness, readiness } = stage(() => async () => undefined);
  for (const probe of [liveness, readiness]) {
    const send = vi.fn();
    probe({} as never, { send } as never);
    expect(send).toHaveBeenCalledExactlyOnceWith('OK');
  }
});
