import { describe, expect, test, vi } from 'vitest';
import { Rejected, Unavailable } from '../src/errors.ts';
import type { Load } from '../src/worker/load.ts';
import { idleLook } from '../src/worker/crew.ts';
import { type WorkerPool, workerPool } from '../src/worker/pool.ts';
import { Died, type Worker } from '../src/worker/process.ts';
import { NotStarted } from '../src/worker/spawn.ts';
import { testClock } from './support/clock.ts';

/** A worker whose every step is up to the test. */
interface Puppet extends Worker<string, string> {
  task: string | undefined;
  load: Load;
  /** Asks to compute. */
  wants(bytes: number): Promise<void>;
  ends(result: string | Error): void;
  dies(code: number | null, signal: string | null): void;
  killed: boolean;
}

function puppet(pid: number, ready: Promise<void>): Puppet {
  const end = Promise.withResolvers<string>();
  end.promise.catch(() => undefined);
  let current = end;
  let asks: (bytes: number) => Promise<void> = async () => undefined;
  let [computing, alive] = [false, true];
  const self: Puppet = {
    pid,
    ready,
    task: undefined,
    load: { seconds: 0, bytes: 0, stopped: false },
    killed: false,
    run(task, leave) {
      self.task = task;
      asks = leave;
      current = Promise.withResolvers<string>();
      return current.promise;
    },
    async wants(bytes) {
      await asks(bytes);
      computing = true;
    },
    ends(result) {
      computing = false;
      self.task = undefined;
      if (result instanceof Error) current.reject(result);
      else current.resolve(result);
    },
    dies(code, signal) {
      alive = false;
      self.ends(new Died(code, signal));
    },
    computing: () => computing,
    alive: () => alive,
    kill() {
      self.killed = true;
      self.dies(null, 'SIGKILL');
    },
  };
  return self;
}

const bounds = { seconds: 2, bytes: 500, stuckSeconds: 30 };

function open(size = 1, memory = Infinity) {
  const clock = testClock();
  const workers: Puppet[] = [];
  const system = { tellsLoad: true };
  let refusing: Error | undefined;
  let startup = Promise.resolve();
  const real: WorkerPool<string, string> = workerPool<string, string>(size, bounds, {
    memory,
    clock,
    load: (pid) => (system.tellsLoad ? workers[pid]?.load : undefined),
    start() {
      if (refusing) throw refusing;
      workers.push(puppet(workers.length, startup));
      return workers.at(-1)!;
    },
  });
  const settle = () => clock.advance(0);
  const pool = {
    warm: () => real.warm(),
    close: () => real.close(),
    healthy: () => real.healthy(),
    /** Its end is checked later. */
    run(task: string, sender?: string) {
      const run = real.run(task, sender);
      run.catch(() => undefined);
      return run;
    },
  };
  return {
    pool,
    clock,
    system,
    workers,
    settle,
    refuseStarts: (error?: Error) => (refusing = error),
    /** Lets the next worker start only when the test says so. */
    starting() {
      const started = Promise.withResolvers<void>();
      startup = started.promise;
      return { started: started.resolve, failed: started.reject };
    },
    /** How a run ended, or that it is still going on. */
    async stateOf(run: Promise<string>): Promise<unknown> {
      await settle();
      return Promise.race([run.catch((error: unknown) => error), settle().then(() => 'running')]);
    },
    /** The worker that has a task. */
    at: (task: string) => workers.find((worker) => worker.task === task),
    busy: () => workers.map(({ task }) => task).filter((task) => task !== undefined),
  };
}

describe('turns', () => {
  test('no more run at once than there are places, and workers are reused', async () => {
    const { pool, workers, settle, at, busy } = open(2);
    const runs = ['a', 'b', 'c'].map((task) => pool.run(task, 'one'));
    await settle();
    expect(busy()).toEqual(['a', 'b']);
    at('a')!.ends('A');
    await settle();
    expect(busy()).toEqual(['c', 'b']);
    at('c')!.ends('C');
    at('b')!.ends('B');
    expect(await Promise.all(runs)).toEqual(['A', 'B', 'C']);
    expect(workers).toHaveLength(2);
  });

  test('senders take turns, however much each has sent', async () => {
    const { pool, settle, at, busy } = open();
    for (const task of ['a1', 'a2', 'a3', 'a4']) void pool.run(task, 'a');
    for (const task of ['b1', 'b2']) void pool.run(task, 'b');
    void pool.run('c1', 'c');
    const order: string[] = [];
    for (;;) {
      await settle();
      const [task] = busy();
      if (task === undefined) break;
      order.push(task);
      at(task)!.ends('done');
    }
    expect(order).toEqual(['a1', 'a2', 'b1', 'c1', 'a3', 'b2', 'a4']);
  });

  /** Works off the line, each task at its sender's price in seconds of processor time. `meanwhile` may bring others after a task. */
  async function serve(
    { settle, at, busy }: ReturnType<typeof open>,
    prices: Record<string, number>,
    meanwhile: (task: string) => void = () => {},
  ) {
    const order: string[] = [];
    for (;;) {
      await settle();
      const [task] = busy();
      if (task === undefined) return order.join(' ');
      order.push(task);
      meanwhile(task);
      const worker = at(task)!;
      worker.load.seconds += prices[task[0]!]!;
      worker.ends('done');
    }
  }

  test('turns are taken by what they cost: one large photo for three small ones of another', async () => {
    const bench = open();
    for (const task of ['a1', 'a2', 'a3']) void bench.pool.run(task, 'a');
    for (const task of ['b1', 'b2', 'b3', 'b4', 'b5', 'b6']) void bench.pool.run(task, 'b');
    expect(await serve(bench, { a: 1.5, b: 0.5 })).toBe('a1 b1 b2 b3 a2 b4 b5 b6 a3');
  });

  test('whoever comes later has no credit for what was spent before', async () => {
    const bench = open();
    for (const task of ['a1', 'a2', 'a3', 'a4', 'a5', 'a6']) void bench.pool.run(task, 'a');
    const order = await serve(bench, { a: 1, c: 1 }, (task) => {
      if (task === 'a4') for (const late of ['c1', 'c2', 'c3']) void bench.pool.run(late, 'c');
    });
    expect(order).toBe('a1 a2 a3 a4 c1 a5 c2 a6 c3');
  });

  test('what was spent while nobody waited is forgotten', async () => {
    const bench = open();
    for (const task of ['a1', 'a2', 'a3']) {
      void bench.pool.run(task, 'a');
      expect(await serve(bench, { a: 1 })).toBe(task);
    }
    for (const task of ['x1', 'a4', 'a5', 'b1', 'b2']) void bench.pool.run(task, task[0]);
    expect(await serve(bench, { a: 1, b: 1, x: 1 })).toBe('x1 a4 b1 a5 b2');
  });

  test('a lost worker costs the most that a task can', async () => {
    const bench = open();
    const { pool, settle, at, busy } = bench;
    void pool.run('a1', 'a');
    for (const task of ['b1', 'b2', 'b3', 'b4', 'b5']) void pool.run(task, 'b');
    await settle();
    at('a1')!.dies(null, 'SIGSEGV');
    await settle();
    expect(busy()).toEqual(['b1']);
    expect(await serve(bench, { a: 1, b: 0.5 })).toBe('b1 b2 b3 b4 a1 b5');
  });
});

describe('what the photo does', () => {
  test.each([
    ['SIGSEGV', null],
    ['SIGABRT', null],
    [null, 134],
  ])('a crash (%s, %s) seen twice refuses it; once, it is only tried again', async (signal, code) => {
    const { pool, workers, stateOf } = open();
    const run = pool.run('a');
    expect(await stateOf(run)).toBe('running');
    workers[0]!.dies(code, signal);
    expect(await stateOf(run)).toBe('running');
    workers[1]!.dies(code, signal);
    expect(await stateOf(run)).toMatchObject({
      name: 'Rejected',
      message: expect.stringMatching(/damaged.*save it again/),
      cause: { name: 'Lost', why: 'crash', message: expect.stringContaining(String(signal ?? code)) },
    });
    expect(workers).toHaveLength(2);
  });

  test('the log says of each lost worker why, and over which task', async () => {
    const logged = vi.spyOn(console, 'log').mockImplementation(() => undefined);
    const { pool, workers, settle } = open();
    void pool.run('a');
    await settle();
    workers[0]!.dies(null, 'SIGSEGV');
    await settle();
    expect(logged.mock.calls.join()).toMatch(/worker lost why=crash task=.*a.* error=.*SIGSEGV/);
    logged.mockRestore();
  });

  test('too much processor time, seen twice, refuses it', async () => {
    const { pool, clock, workers, stateOf } = open();
    const run = pool.run('a');
    await stateOf(run);
    for (const turn of [0, 1]) {
      await workers[turn]!.wants(0);
      workers[turn]!.load.seconds = 2;
      await clock.advance(100);
      expect(workers[turn]!.killed).toBe(false);
      workers[turn]!.load.seconds = 2.1;
      await clock.advance(100);
      expect(workers[turn]!.killed).toBe(true);
    }
    expect((await stateOf(run)) as Rejected).toMatchObject({ name: 'Rejected', message: expect.stringMatching(/2 seconds/) });
  });

  test('time that a worker used earlier does not count', async () => {
    const { pool, clock, workers, stateOf } = open();
    const run = pool.run('a');
    await stateOf(run);
    workers[0]!.load.seconds = 1.9;
    await clock.advance(50);
    await workers[0]!.wants(0);
    workers[0]!.load.seconds = 3.8;
    await clock.advance(100);
    expect(workers[0]!.killed).toBe(false);
  });

  test('too much memory, seen twice, refuses it', async () => {
    const { pool, clock, workers, stateOf } = open();
    const run = pool.run('a');
    for (const turn of [0, 1]) {
      await stateOf(run);
      workers[turn]!.load.bytes = 501;
      await clock.advance(50);
    }
    expect((await stateOf(run)) as Rejected).toMatchObject({ name: 'Rejected', message: expect.stringMatching(/memory/) });
  });

  test('a hang while computing, seen twice, refuses it: after three times its bound', async () => {
    const { pool, clock, workers, stateOf } = open();
    const run = pool.run('a');
    for (const turn of [0, 1]) {
      await stateOf(run);
      await workers[turn]!.wants(0);
      await clock.advance(5900);
      expect(workers[turn]!.killed).toBe(false);
      await clock.advance(300);
      expect(workers[turn]!.killed).toBe(true);
    }
    expect((await stateOf(run)) as Rejected).toMatchObject({ name: 'Rejected', message: expect.stringMatching(/hang/) });
  });
});

describe('the photo is not blamed for what the machine does', () => {
  test('a worker killed twice (out of memory): to be retried later', async () => {
    const { pool, workers, stateOf } = open();
    const run = pool.run('a');
    for (const turn of [0, 1]) {
      await stateOf(run);
      workers[turn]!.dies(null, 'SIGKILL');
    }
    expect(await stateOf(run)).toMatchObject({
      name: 'Unavailable',
      message: expect.stringContaining('not because of the photo'),
      cause: { why: 'killed' },
    });
  });

  test('killed once and crashed once: the photo was seen to crash it only once', async () => {
    const { pool, workers, stateOf } = open();
    const run = pool.run('a');
    await stateOf(run);
    workers[0]!.dies(null, 'SIGKILL');
    await stateOf(run);
    workers[1]!.dies(null, 'SIGSEGV');
    await stateOf(run);
    workers[2]!.ends('print');
    expect(await stateOf(run)).toBe('print');
  });

  test('waiting for the store, for any reasonable time, is not a hang', async () => {
    const { pool, clock, workers, stateOf } = open();
    const run = pool.run('a');
    await clock.advance(29_000);
    expect(workers[0]!.killed).toBe(false);
    workers[0]!.ends('print');
    expect(await stateOf(run)).toBe('print');
  });

  test('a store that never answers costs two workers, and the photo is retried later', async () => {
    const { pool, clock, stateOf, workers } = open();
    const run = pool.run('a');
    await clock.advance(31_000);
    expect(await stateOf(run)).toBe('running');
    await clock.advance(31_000);
    const fault = await stateOf(run);
    expect(fault).toBeInstanceOf(Unavailable);
    expect(fault).toMatchObject({ cause: { why: 'stuck', message: expect.stringContaining('stuck') } });
    expect(workers.map(({ killed }) => killed)).toEqual([true, true]);
  });

  test('a clock that jumps by a day is not a hang', async () => {
    const { pool, clock, workers, stateOf } = open();
    const run = pool.run('a');
    await stateOf(run);
    await workers[0]!.wants(0);
    clock.jump(86_400_000);
    await clock.advance(1000);
    clock.jump(-2 * 86_400_000);
    await clock.advance(1000);
    expect(workers[0]!.killed).toBe(false);
  });

  test('a worker that ended while idle is not given a photo', async () => {
    const { pool, workers, stateOf } = open();
    const first = pool.run('a');
    await stateOf(first);
    workers[0]!.ends('A');
    expect(await stateOf(first)).toBe('A');
    workers[0]!.dies(null, 'SIGKILL');
    const second = pool.run('b');
    await stateOf(second);
    expect(workers[1]!.task).toBe('b');
  });

  test('nor is one that failed to start ahead of time', async () => {
    const { pool, workers, stateOf, settle } = open();
    pool.warm();
    await settle();
    workers[0]!.dies(1, null);
    const run = pool.run('a');
    await stateOf(run);
    expect(workers[1]!.task).toBe('a');
  });

  test('start-up time does not count against the photo', async () => {
    const { pool, clock, workers, stateOf, starting } = open();
    const { started } = starting();
    const run = pool.run('a');
    await stateOf(run);
    workers[0]!.load.seconds = 1.9;
    started();
    await clock.advance(50);
    workers[0]!.load.seconds = 3.8;
    await clock.advance(100);
    expect(workers[0]!.killed).toBe(false);
  });

  test('if the system reports no load, the bound is ten times as much wall time', async () => {
    const { pool, clock, workers, stateOf, system } = open();
    system.tellsLoad = false;
    const run = pool.run('a');
    await stateOf(run);
    await clock.advance(100_000);
    await workers[0]!.wants(0);
    await clock.advance(19_900);
    expect(workers[0]!.killed).toBe(false);
    await clock.advance(300);
    expect(workers[0]!.killed).toBe(true);
  });

  test('a worker that was stopped is waited for', async () => {
    const { pool, clock, workers, stateOf } = open();
    const run = pool.run('a');
    await stateOf(run);
    await workers[0]!.wants(0);
    workers[0]!.load.stopped = true;
    await clock.advance(20_000);
    expect(workers[0]!.killed).toBe(false);
  });

  test('even a little processor time on a busy machine is progress', async () => {
    const { pool, clock, workers, stateOf } = open();
    const run = pool.run('a');
    await stateOf(run);
    await workers[0]!.wants(0);
    for (let look = 0; look < 10; look += 1) {
      await clock.advance(5000);
      workers[0]!.load.seconds += 0.01;
    }
    expect(workers[0]!.killed).toBe(false);
  });

  test('a worker that cannot be started is reported and frees its place; the next one works', async () => {
    const { pool, refuseStarts, stateOf, workers } = open();
    refuseStarts(new NotStarted('EAGAIN'));
    const runs = ['a', 'b'].map((task) => pool.run(task));
    for (const run of runs)
      expect(await stateOf(run)).toMatchObject({
        name: 'Unavailable',
        message: expect.stringContaining('No image worker can be started'),
        cause: { message: 'EAGAIN' },
      });
    refuseStarts();
    const run = pool.run('c');
    await stateOf(run);
    workers[0]!.ends('print');
    expect(await stateOf(run)).toBe('print');
  });

  test('a fault of the task itself is passed on unchanged', async () => {
    const { pool, workers, stateOf } = open();
    const run = pool.run('a');
    await stateOf(run);
    const fault = new Error('ENOSPC: no space left on device');
    workers[0]!.ends(fault);
    expect(await stateOf(run)).toBe(fault);
  });
});

describe('memory', () => {
  test('is shared: whoever needs more than is left waits in order, and that time does not count', async () => {
    const { pool, clock, workers, at, stateOf } = open(3, 100);
    const runs = ['a', 'b', 'c'].map((task) => pool.run(task, task));
    await stateOf(runs[0]!);
    const granted: string[] = [];
    for (const [task, bytes] of [
      ['a', 60],
      ['b', 80],
      ['c', 10],
    ] as const)
      void at(task)!
        .wants(bytes)
        .then(() => granted.push(task));
    await clock.advance(5000);
    expect(granted).toEqual(['a']);
    // The first hangs and has to go; the others were only waiting.
    await clock.advance(1500);
    expect(workers.slice(0, 3).map(({ killed }) => killed)).toEqual([true, false, false]);
    expect(granted).toEqual(['a', 'b', 'c']);
  });

  test('whoever has waited for it is watched again', async () => {
    const { pool, clock, workers, at, settle } = open(2, 100);
    for (const task of ['a', 'b']) void pool.run(task, task);
    await settle();
    await at('a')!.wants(100);
    void at('b')!.wants(100);
    await clock.advance(5000);
    at('a')!.ends('A');
    await clock.advance(5900);
    expect(workers[1]!.killed).toBe(false);
    await clock.advance(300);
    expect(workers[1]!.killed).toBe(true);
  });

  test('a photo that needs more than there is gets everything, alone', async () => {
    const { pool, at, settle } = open(2, 100);
    const runs = ['a', 'b'].map((task) => pool.run(task, task));
    await settle();
    await at('a')!.wants(1000);
    let granted = false;
    void at('b')!
      .wants(1)
      .then(() => (granted = true));
    await settle();
    expect(granted).toBe(false);
    at('a')!.ends('A');
    await settle();
    expect(granted).toBe(true);
    at('b')!.ends('B');
    await Promise.all(runs);
  });
});

test('a worker is not killed for waiting for memory, and frees its place when it dies', async () => {
  const { pool, clock, workers, at, settle } = open(3, 100);
  for (const task of ['a', 'b', 'c']) void pool.run(task, task);
  await settle();
  const [a, b, c] = [at('a')!, at('b')!, at('c')!];
  const granted: string[] = [];
  for (const [name, worker] of Object.entries({ a, b, c }))
    void worker
      .wants(80)
      .then(() => granted.push(name))
      .catch(() => undefined);
  // The first works all the time.
  for (let look = 0; look < 20; look += 1) {
    await clock.advance(5000);
    a.load.seconds += 0.01;
  }
  expect(workers.filter(({ killed }) => killed)).toEqual([]);
  expect(granted).toEqual(['a']);
  b.dies(null, 'SIGKILL');
  await settle();
  a.ends('A');
  await settle();
  expect(granted).toEqual(['a', 'c']);
});

describe('workers', () => {
  test('one is started ahead, and only one, and has the first task', async () => {
    const { pool, workers, settle, at } = open(2);
    pool.warm();
    pool.warm();
    await settle();
    expect(workers).toHaveLength(1);
    void pool.run('a');
    await settle();
    expect(workers).toHaveLength(1);
    expect(at('a')).toBe(workers[0]);
  });

  test('that cannot be started ahead are a matter for the first task', async () => {
    const { pool, refuseStarts, stateOf } = open();
    refuseStarts(new NotStarted('EAGAIN'));
    pool.warm();
    refuseStarts();
    expect(await stateOf(pool.run('a'))).toBe('running');
  });

  test('end with the pool, whether at work or not', async () => {
    const { pool, workers, settle, at } = open(2);
    for (const task of ['a', 'b']) void pool.run(task);
    await settle();
    at('a')!.ends('A');
    await settle();
    pool.close();
    expect(workers.map(({ killed }) => killed)).toEqual([true, true]);
  });

  test('that have ended are left alone by then', async () => {
    const { pool, workers, settle, refuseStarts } = open();
    void pool.run('a');
    await settle();
    refuseStarts(new NotStarted('EAGAIN'));
    workers[0]!.dies(null, 'SIGSEGV');
    await settle();
    pool.close();
    expect(workers[0]!.killed).toBe(false);
  });

  test('that ended while they were kept are left alone as well', async () => {
    const { pool, workers, settle } = open();
    pool.warm();
    await settle();
    workers[0]!.dies(null, 'SIGKILL');
    void pool.run('a');
    await settle();
    pool.close();
    expect(workers.map(({ killed }) => killed)).toEqual([false, true]);
  });

  test('without a process id have no load to read', async () => {
    const asked: unknown[] = [];
    const clock = testClock();
    const worker = { ...puppet(0, Promise.resolve()), pid: undefined };
    const pool = workerPool<string, string>(1, bounds, {
      clock,
      start: () => worker,
      load(pid) {
        asked.push(pid);
        return undefined;
      },
    });
    const run = pool.run('a');
    await clock.advance(1000);
    worker.ends('A');
    expect([await run, asked]).toEqual(['A', []]);
  });
});

test('where the system reports no load, turns cost nothing', async () => {
  const { pool, system, settle, at, busy } = open();
  system.tellsLoad = false;
  for (const task of ['a1', 'a2', 'a3', 'b1']) void pool.run(task, task[0]);
  const order: string[] = [];
  for (let count = 0; count < 4; count += 1) {
    await settle();
    order.push(...busy());
    at(busy()[0]!)!.ends('done');
  }
  expect(order).toEqual(['a1', 'a2', 'b1', 'a3']);
});

describe('idle workers', () => {
  test('those without a task from one look to the next end, and the next task starts another', async () => {
    const { pool, workers, clock, settle, at } = open(3);
    const runs = ['a', 'b', 'c'].map((task) => pool.run(task));
    await settle();
    for (const task of ['a', 'b', 'c']) at(task)!.ends('done');
    await Promise.all(runs);
    // One of the three goes on working.
    for (let minute = 0; minute < 3; minute += 1) {
      await clock.advance(idleLook / 2);
      void pool.run('d');
      await settle();
      at('d')!.ends('done');
      await clock.advance(idleLook / 2);
    }
    expect(workers.map(({ killed }) => killed)).toEqual([true, true, false]);
    await clock.advance(2 * idleLook);
    expect(workers.map(({ killed }) => killed)).toEqual([true, true, true]);
    void pool.run('e');
    await settle();
    expect(workers).toHaveLength(4);
    expect(at('e')!.killed).toBe(false);
    expect(pool.healthy()).toBe(true);
  });

  test('one that works for longer stays', async () => {
    const { pool, workers, clock, settle, at, stateOf } = open(1);
    const run = pool.run('a');
    await settle();
    workers[0]!.load.seconds = 1;
    for (let look = 0; look < 200; look += 1) {
      workers[0]!.load.seconds += 0.001;
      await clock.advance(idleLook / 100);
    }
    expect(await stateOf(run)).toBe('running');
    at('a')!.ends('A');
    expect(await run).toBe('A');
    expect(workers[0]!.killed).toBe(false);
  });
});

describe('health', () => {
  test('three failed starts in a row end it; one that works restores it', async () => {
    const { pool, refuseStarts, stateOf, settle } = open();
    refuseStarts(new NotStarted('EAGAIN'));
    for (const task of ['a', 'b']) await stateOf(pool.run(task));
    expect(pool.healthy()).toBe(true);
    await stateOf(pool.run('c'));
    expect(pool.healthy()).toBe(false);
    refuseStarts();
    expect(pool.healthy()).toBe(false);
    await settle();
    expect(pool.healthy()).toBe(true);
  });

  test('asking tries again, one start at a time', async () => {
    const { pool, workers, refuseStarts, starting, stateOf, settle } = open();
    refuseStarts(new NotStarted('EAGAIN'));
    for (const task of ['a', 'b', 'c']) await stateOf(pool.run(task));
    const first = starting();
    refuseStarts();
    for (let count = 0; count < 3; count += 1) expect(pool.healthy()).toBe(false);
    expect(workers).toHaveLength(1);
    first.failed(new NotStarted('ENOMEM'));
    await settle();
    const second = starting();
    expect(pool.healthy()).toBe(false);
    expect(workers).toHaveLength(2);
    second.started();
    await settle();
    expect(pool.healthy()).toBe(true);
    expect(workers).toHaveLength(2);
  });

  test('starts that fail later count like those that fail at once, and the log says why', async () => {
    const logged = vi.spyOn(console, 'log').mockImplementation(() => undefined);
    const { pool, workers, starting, settle, refuseStarts } = open();
    for (let count = 0; count < 3; count += 1) {
      expect(pool.healthy()).toBe(true);
      const { failed } = starting();
      pool.warm();
      failed(new NotStarted('ENOMEM'));
      await settle();
      workers[count]!.dies(1, null);
    }
    refuseStarts(new NotStarted('EAGAIN'));
    expect(pool.healthy()).toBe(false);
    expect(logged.mock.calls.flat()).toEqual([
      ...Array(3).fill('worker not started error=ENOMEM'),
      'worker not started error=EAGAIN',
    ]);
    logged.mockRestore();
  });
});
