import { expect, onTestFinished, test } from 'vitest';
import { limits } from '../src/limits.ts';
import type { Child } from '../src/process/child.ts';
import { supervise } from '../src/process/supervisor.ts';
import { testClock } from './clock.ts';

/** A process that dies and answers when the test says so. */
interface Fake {
  die(reason?: string): void;
  /** The process is gone, but its last lines have not been read. */
  leave(): void;
  /** There never was a process. */
  fail(reason: string): void;
  /** The signals that it was sent. */
  signals: string[];
}

const probe = { period: 10_000, timeout: 1000, failureThreshold: 3 };

/** Supervises processes that are not there, in a time that the test drives. `answers` says which probes succeed. */
function open({ dispensable = false, liveness = true, heedsSignal = true, ready = true, period = probe.period } = {}) {
  const clock = testClock();
  const lives: Fake[] = [];
  const answers = { readiness: ready, liveness: true, late: 0 };
  const asked: string[] = [];
  const lines: string[] = [];

  function start(): Child {
    const ended = Promise.withResolvers<string>();
    const gone = Promise.withResolvers<void>();
    const signals: string[] = [];
    const die = (reason = 'ended with exit code 1') => {
      gone.resolve();
      ended.resolve(reason);
    };
    lives.push({ die, leave: gone.resolve, fail: ended.resolve, signals });
    return {
      gone: gone.promise,
      ended: ended.promise,
      lastLines: () => ['last', 'words'],
      kill(signal) {
        signals.push(signal);
        if (heedsSignal || signal === 'SIGKILL') die(`was ended by ${signal}`);
      },
    };
  }

  const supervised = supervise(
    {
      name: 'program',
      dispensable,
      program: async () => ({
        command: [],
        folder: '',
        environment: {},
        address: `http://life/${lives.length + 1}`,
        readiness: { url: 'readiness', ...probe, period },
        liveness: liveness ? { url: 'liveness', ...probe, period } : undefined,
      }),
    },
    (_name, text) => lines.push(text),
    {
      start,
      clock,
      async ask(url) {
        asked.push(url);
        if (answers[url as 'readiness' | 'liveness']) return true;
        clock.jump(answers.late);
        return new Promise(() => undefined);
      },
    },
  );
  return { clock, lives, answers, asked, lines, supervised };
}

test('restarts at once, then after pauses that double up to a maximum; a long life resets them', async () => {
  const { clock, lives, supervised, lines } = open();
  await clock.advance(0);
  await clock.advance(limits.steadyTime + 1);
  const pauses = [0, 250, 500, 1000, 2000, 4000, 8000, 10_000, 10_000];
  for (const pause of pauses) {
    const before = lives.length;
    lives.at(-1)!.die();
    if (pause > 0) {
      await clock.advance(pause - 1);
      expect(lives.length, `before a pause of ${pause} ends`).toBe(before);
    }
    await clock.advance(pause > 0 ? 1 : 0);
    expect(lives.length).toBe(before + 1);
    expect(await supervised.address(0)).toBe(`http://life/${before + 1}`);
  }
  expect(lines[0]).toBe('ended with exit code 1; restarting it');
  expect(lines[1]).toBe('ended with exit code 1; restarting it in 0.25 s');
  await clock.advance(limits.steadyTime + 1);
  lives.at(-1)!.die();
  await clock.advance(0);
  expect(lives.length).toBe(pauses.length + 2);
});

test('kills and restarts a hung process after as many failures as its probe allows', async () => {
  const { clock, lives, answers, supervised, lines } = open();
  await clock.advance(0);
  expect(supervised.ready).toBe(true);
  answers.liveness = false;
  // A period runs from one question to the next, however late the answer.
  await clock.advance(3 * probe.period + probe.timeout - 1);
  expect([lives.length, lives[0]!.signals]).toEqual([1, []]);
  await clock.advance(1);
  expect(lives[0]!.signals).toEqual(['SIGTERM']);
  answers.liveness = true;
  await clock.advance(0);
  expect(lives.length).toBe(2);
  expect(lines).toContain('hung: it failed its liveness probe 3 times in a row, and was ended; restarting it');
});

test('a hung process gets no more requests, and is killed if it ignores SIGTERM', async () => {
  const { clock, lives, answers, supervised } = open({ heedsSignal: false });
  await clock.advance(0);
  answers.liveness = false;
  await clock.advance(3 * probe.period + probe.timeout);
  expect(supervised.ready).toBe(false);
  await clock.advance(limits.leastDrainTime - 1);
  expect([supervised.ready, lives[0]!.signals]).toEqual([false, ['SIGTERM']]);
  await clock.advance(1);
  expect(lives[0]!.signals).toEqual(['SIGTERM', 'SIGKILL']);
  expect(lives.length).toBe(2);
});

test('forgives failures that are not in a row', async () => {
  const { clock, lives, answers, supervised } = open();
  await clock.advance(0);
  for (let round = 0; round < 4; round += 1) {
    answers.liveness = answers.readiness = false;
    await clock.advance(2 * probe.period);
    answers.liveness = answers.readiness = true;
    await clock.advance(probe.period);
  }
  expect([lives.length, supervised.ready]).toEqual([1, true]);
});

test('a process gets no requests until it is ready again', async () => {
  const { clock, lives, answers, supervised, lines } = open();
  await clock.advance(0);
  answers.readiness = false;
  await clock.advance(3 * (probe.period + probe.timeout));
  expect([supervised.ready, lives.length]).toEqual([false, 1]);
  const waiting = supervised.address(60_000);
  answers.readiness = true;
  await clock.advance(probe.period);
  expect([supervised.ready, lives.length, await waiting]).toEqual([true, 1, 'http://life/1']);
  expect(lines).toEqual(['fails its readiness probe, and gets no requests until it answers again', 'is ready again']);
});

test('makes no liveness probe if there is none', async () => {
  const { clock, asked } = open({ liveness: false });
  await clock.advance(60_000);
  expect(asked).not.toContain('liveness');
});

test('ignores answers missed while this process itself was suspended', async () => {
  const { clock, lives, answers } = open();
  await clock.advance(0);
  Object.assign(answers, { liveness: false, readiness: false, late: 5000 });
  await clock.advance(120_000);
  expect(lives[0]!.signals).toEqual([]);
});

test('gives up on a process that is not ready in time', async () => {
  const { clock, lives, supervised } = open({ ready: false });
  const failed = expect(supervised.started).rejects.toThrow('program did not become ready within 60 s.\n    last\n    words');
  await clock.advance(limits.startTime - 1);
  expect(lives[0]!.signals).toEqual([]);
  await clock.advance(1);
  expect(lives[0]!.signals).toEqual(['SIGTERM']);
  await failed;
});

test('retries a dispensable process forever, and does not hold up the rest', async () => {
  const { clock, lives, answers, supervised, lines } = open({ dispensable: true, ready: false });
  for (let death = 0; death < limits.startAttempts; death += 1) {
    await clock.advance(limits.probeInterval);
    lives.at(-1)!.die();
    await clock.advance(limits.restartPause);
  }
  await supervised.started;
  expect(lines).toContain(
    'ended with exit code 1 before it was ready, 3 times in a row.\n    last\n    words\nEverything else goes on without it, and it is retried.',
  );
  expect(supervised.ready).toBe(false);
  answers.readiness = true;
  await clock.advance(limits.restartPause);
  expect(supervised.ready).toBe(true);
});

test('stopping cuts a pause short and starts nothing new', async () => {
  const { clock, lives, supervised } = open();
  await clock.advance(0);
  lives[0]!.die();
  await clock.advance(0);
  lives[1]!.die();
  await clock.advance(1);
  let stopped = false;
  void supervised.stop(5000).then(() => (stopped = true));
  await clock.advance(0);
  expect(stopped).toBe(true);
  await clock.advance(60_000);
  expect(lives.length).toBe(2);
});

test('a process told to stop gets its time, and is then killed', async () => {
  const { clock, lives, supervised } = open({ heedsSignal: false });
  await clock.advance(0);
  let stopped = false;
  void supervised.stop(5000).then(() => (stopped = true));
  await clock.advance(4999);
  expect([lives[0]!.signals, stopped]).toEqual([['SIGTERM'], false]);
  await clock.advance(1);
  expect([lives[0]!.signals, stopped]).toEqual([['SIGTERM', 'SIGKILL'], true]);
});

test('an address is awaited no longer than the caller allows', async () => {
  const { clock, supervised } = open({ ready: false });
  let address: string | undefined = 'none yet';
  void supervised.address(5000).then((found) => (address = found));
  await clock.advance(4999);
  expect(address).toBe('none yet');
  await clock.advance(1);
  expect(address).toBeUndefined();
});

test('a life that was not longer than a crash loop allows does not reset the pauses', async () => {
  const { clock, lives } = open();
  for (let life = 0; life < 2; life += 1) {
    await clock.advance(limits.steadyTime);
    lives.at(-1)!.die();
  }
  await clock.advance(249);
  expect(lives.length).toBe(2);
  await clock.advance(1);
  expect(lives.length).toBe(3);
});

test('a caller that waits for a hanging process gets the next one as soon as it is up', async () => {
  const { clock, lives, answers, supervised } = open({ heedsSignal: false });
  await clock.advance(0);
  answers.liveness = false;
  await clock.advance(3 * probe.period + probe.timeout);
  let address: string | undefined;
  void supervised.address(600_000).then((found) => (address = found));
  answers.liveness = true;
  lives[0]!.die();
  await clock.advance(limits.restartPause);
  expect(address).toBe('http://life/2');
});

test('a process that stops is not restarted, gets no requests even if it becomes ready, and nobody waits for it', async () => {
  const { clock, lives, answers, lines, supervised } = open({ heedsSignal: false, ready: false });
  await clock.advance(0);
  const stopped = supervised.stop(5000);
  answers.readiness = true;
  await clock.advance(probe.timeout + limits.probeInterval);
  expect(supervised.ready).toBe(false);
  let address: string | undefined = 'none yet';
  void supervised.address(60_000).then((found) => (address = found));
  await clock.advance(0);
  expect(address).toBeUndefined();
  lives[0]!.die();
  await stopped;
  expect([lives.length, lines]).toEqual([1, []]);
});

/** Supervises a program that the test prepares. */
function preparing(program: () => Promise<never>) {
  const clock = testClock();
  const lines: string[] = [];
  const supervised = supervise({ name: 'program', program }, (_name, text) => lines.push(text), {
    start: () => expect.unreachable('nothing to start'),
    ask: () => expect.unreachable('nothing to ask'),
    clock,
  });
  return { clock, lines, supervised };
}

test('a program that cannot be prepared is abandoned like one that dies, whether or not anybody waits for it', async () => {
  const unhandled: unknown[] = [];
  const note = (reason: unknown) => void unhandled.push(reason);
  process.on('unhandledRejection', note);
  onTestFinished(() => void process.off('unhandledRejection', note));
  let tries = 0;
  const { clock, lines, supervised } = preparing(() => {
    tries += 1;
    return Promise.reject(new Error('no port'));
  });
  await clock.advance(10_000);
  expect([tries, unhandled]).toEqual([3, []]);
  expect(lines).toEqual([
    'could not be started: no port; restarting it',
    'could not be started: no port; restarting it in 0.25 s',
  ]);
  await expect(supervised.started).rejects.toThrow(
    /^program could not be started: no port before it was ready, 3 times in a row\.$/,
  );
});

test('one that is stopped while it is prepared is never started', async () => {
  const prepared = Promise.withResolvers<never>();
  const { clock, lines, supervised } = preparing(() => prepared.promise);
  const stopped = supervised.stop(5000);
  prepared.resolve({ address: 'any' } as never);
  await clock.advance(0);
  await stopped;
  await expect(supervised.started).rejects.toThrow('program was stopped.');
  expect(lines).toEqual([]);
});

test('a process that is gone gets neither requests nor probes, even while its last lines are being read', async () => {
  const { clock, lives, asked, supervised } = open();
  await clock.advance(0);
  lives[0]!.leave();
  await clock.advance(0);
  expect(supervised.ready).toBe(false);
  const before = asked.length;
  await clock.advance(60_000);
  expect([asked.length, supervised.ready, lives.length]).toEqual([before, false, 1]);
  lives[0]!.die();
  await clock.advance(0);
  expect([supervised.ready, lives.length]).toEqual([true, 2]);
});

test('a process that could not be started is not asked for', async () => {
  const { clock, lives, asked, supervised } = open({ ready: false, heedsSignal: false });
  await clock.advance(0);
  const stopped = supervised.stop(5000);
  lives[0]!.fail('could not be started: no such folder');
  await stopped;
  const before = asked.length;
  await clock.advance(60_000);
  expect(asked.length).toBe(before);
});

test('a process that hung stays lost, even if it answers again before it has ended', async () => {
  const { clock, lives, answers, supervised } = open({ heedsSignal: false, period: 1000 });
  await clock.advance(0);
  answers.liveness = answers.readiness = false;
  await clock.advance(4000);
  expect(lives[0]!.signals).toEqual(['SIGTERM']);
  answers.liveness = answers.readiness = true;
  await clock.advance(limits.leastDrainTime - 1);
  expect([supervised.ready, lives[0]!.signals]).toEqual([false, ['SIGTERM']]);
});
