import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { filterFinished } from '@darkroom/shared/events';
import type { Job } from '@darkroom/shared/job';
import { keys } from '@darkroom/shared/job/keys';
import { type RunningFunction, startFunction } from '../../../shared/test/support/function.ts';
import { type Lab, openLab, photo } from '../../../shared/test/support/lab.ts';
import { createRandom } from '../chaos/random.ts';
import { type Findings, findingsOf, type Strike, type Traced } from './findings.ts';
import { type Arrival, monotonic, openPostOffice } from './post-office.ts';

export interface Plan {
  takeovers: number;
  seed: number;
  /** Seconds between the clocks of the two processes. */
  skew: number;
  /** The path of libfaketime, which changes the clock of a process. */
  faketime: string;
  say: (line: string) => void;
}

/** Jobs mailed at once: about as many as one instance gets events at once. */
const batch = 12;
/** Milliseconds: over how long the deliveries of a batch are spread, and how late the process that got them first is struck. */
const [spread, strikeWithin] = [3000, 7000];
/** Milliseconds: longer than the ten seconds after which a lock is taken over. */
const freezeTime = { least: 12_000, most: 20_000 };
/** Seconds until a mail that may have arrived is sent again: longer than any freeze. */
const mailRetry = 40;
/** Milliseconds between two deliveries for a job that has not ended, as the broker and sweep make them. */
const deliverEvery = 2000;

/** One of the two processes, across restarts. */
interface Sender {
  name: string;
  running: RunningFunction;
  /** It was killed, and is not up again. */
  down: boolean;
  start(): Promise<RunningFunction>;
}

/**
 * Two notify processes whose clocks differ mail the same jobs from a slow store. One is killed or suspended while it sends, and the
 * other takes over; this repeats until there have been enough takeovers.
 */
export async function runTakeovers({ say, ...plan }: Plan): Promise<Findings> {
  const random = createRandom(plan.seed);
  const lab = await openLab();
  const traceFile = join(lab.environment['TMPDIR']!, 'trace');
  const arrivals: Arrival[] = [];
  const strikes: Strike[] = [];
  const closing: (() => Promise<unknown>)[] = [];
  const jobs: string[] = [];

  async function openSender(name: string, offset: number): Promise<Sender> {
    const office = await openPostOffice(name, arrivals, random);
    const environment = {
      ...lab.environment,
      SMTP_URL: office.url,
      MAIL_FROM: 'lab@example.org',
      PUBLIC_URL: 'http://photos.example.org',
      MAIL_RETRY: String(mailRetry),
      NODE_OPTIONS: `--import ${new URL('slow-files.ts', import.meta.url).href}`,
      TAKEOVERS_TRACE: traceFile,
      TAKEOVERS_NAME: name,
      // The clocks of machines differ; durations, and the times that a store gives its files, do not.
      LD_PRELOAD: plan.faketime,
      FAKETIME: `${offset < 0 ? '' : '+'}${offset}s`,
      NO_FAKE_STAT: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    };
    const start = () => startFunction('notify', environment);
    const sender = { name, running: await start(), down: false, start };
    closing.push(() => sender.running.stop('SIGKILL'), office.close);
    return sender;
  }
  const senders = [await openSender('early', -plan.skew / 2), await openSender('late', plan.skew / 2)] as const;

  async function round(): Promise<void> {
    const [struck, other] = random() < 0.5 ? senders : ([senders[1], senders[0]] as const);
    const open = new Map<string, Job>();
    for (let count = 0; count < batch; count += 1) {
      const job = await printedJob(lab);
      open.set(job.job, job);
      jobs.push(job.job);
    }
    const ended = new AbortController();
    const delivering = Promise.all(
      [...open.values()].flatMap((job) => {
        const first = random() * spread;
        return [deliverUntilEnded(struck, job, first), deliverUntilEnded(other, job, first + random() * 500)];
      }),
    );
    await Promise.all([delivering, strike(struck), watch()]);

    async function watch(): Promise<void> {
      while (open.size > 0) {
        for (const job of open.keys()) if (await lab.store.stat(keys.completed(job))) open.delete(job);
        await sleep(200);
      }
      ended.abort();
    }

    async function deliverUntilEnded(sender: Sender, job: Job, first: number): Promise<void> {
      await sleep(first);
      while (open.has(job.job)) {
        const { running } = sender;
        const delivery = running.deliver(filterFinished(job, '1', 'grayscale', 'succeeded')).catch(() => {
          if (sender.running === running && !sender.down && !isAlive(running.pid))
            throw new Error(`The ${sender.name} process ended by itself:\n${running.output()}`);
        });
        await Promise.race([delivery, sleep(2 * freezeTime.most), aborted(ended.signal)]);
        await sleep(deliverEvery);
      }
    }
  }

  async function strike(sender: Sender): Promise<void> {
    await sleep(1000 + random() * strikeWithin);
    const kill = random() < 0.5;
    const begun = monotonic();
    if (kill) {
      sender.down = true;
      await sender.running.stop('SIGKILL');
      strikes.push({ sender: sender.name, kind: 'kill', begun });
      sender.running = await sender.start();
      sender.down = false;
      return;
    }
    process.kill(sender.running.pid, 'SIGSTOP');
    strikes.push({ sender: sender.name, kind: 'freeze', begun });
    await sleep(freezeTime.least + random() * (freezeTime.most - freezeTime.least));
    process.kill(sender.running.pid, 'SIGCONT');
  }

  const result = async () => findingsOf({ jobs, arrivals, strikes, traced: await readTrace(traceFile) });
  try {
    for (;;) {
      await round();
      const findings = await result();
      say(`${strikes.length} strikes: ${JSON.stringify(findings.figures)}`);
      if (findings.figures.takeovers >= plan.takeovers) break;
    }
    // A sender that has just been resumed gets time to do harm.
    await sleep(5000);
    return await result();
  } finally {
    for (const close of closing) await close();
    await rm(traceFile, { force: true });
    await lab.close();
  }
}

async function printedJob(lab: Lab): Promise<Job> {
  const job = await lab.accept({ filters: ['grayscale'], archive: false });
  for (const image of job.images) await lab.store.write(keys.print(job, image, 'grayscale'), await photo());
  return job;
}

async function readTrace(file: string): Promise<Traced[]> {
  const lines = (await readFile(file, 'utf8')).split('\n').filter(Boolean);
  return lines.map((line) => JSON.parse(line) as Traced);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) =>
    signal.aborted ? resolve() : signal.addEventListener('abort', () => resolve(), { once: true }),
  );
}
