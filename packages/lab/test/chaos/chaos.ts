import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Darkroom, openDarkroom, type Status } from '../pipeline/darkroom.ts';
import { balance, type Books, type Reference } from './books.ts';
import { openMailbox } from './mailbox.ts';
import { childrenOf } from './processes.ts';
import { createRandom } from './random.ts';
import { openSaboteur } from './saboteur.ts';
import { digestsOf, makeSamples, type Sample } from './samples.ts';

export interface Plan {
  jobs: number;
  seed: number;
  /** Shares, 0..1. */
  drop: number;
  duplicate: number;
  delay: number;
  storeFaults: number;
  busyMail: number;
  /** Seconds between two SIGKILLs of a function. */
  killEvery: number;
  /** Seconds. Jobs have to be complete two of these after the faults have stopped. */
  sweepEvery: number;
  say: (line: string) => void;
}

/** A main program beside this file that is `npm start` with a saboteur in it. */
const program = join(import.meta.dirname, 'main.ts');

/**
 * Lets jobs of real photos run while everything fails at random, then leaves the system alone, and balances the books. The
 * choices follow the seed; when exactly a process is hit does not.
 */
export async function runChaos({ say, ...plan }: Plan): Promise<Books> {
  const random = createRandom(plan.seed);
  let raging = false;
  const saboteur = await openSaboteur(() => (raging ? plan : undefined), random);
  const mailbox = await openMailbox(() => raging && random() < plan.busyMail);
  const darkroom = await openDarkroom(
    { CHAOS_PROXY: saboteur.url, CHAOS_STORE_FAULTS: String(plan.storeFaults), SMTP_URL: mailbox.url, MAIL_RETRY: '5' },
    { program, prepare: (folder) => hasten(folder, plan.sweepEvery) },
  );
  const samples = await makeSamples();
  const reference = await developQuietly(darkroom, samples);

  raging = true;
  await writeFile(darkroom.chaosSwitch, '');
  let kills = 0;
  const killer = setInterval(() => {
    const victims = childrenOf(darkroom.pid, 'maildev');
    const victim = victims[Math.floor(random() * victims.length)];
    if (victim === undefined) return;
    kills += 1;
    process.kill(victim, 'SIGKILL');
  }, plan.killEvery * 1000);

  const accepted: string[] = [];
  let refusals = 0;
  let next = 0;
  async function client() {
    while (next < plan.jobs) {
      next += 1;
      const count = 1 + Math.floor(random() * 2);
      const files = Array.from({ length: count }, (_, index) => samples[(next + index) % samples.length]!);
      const tag = random() < 0.5 ? 'v1' : 'v2';
      // What was not accepted is sent again, under the same key: an answer that was lost makes no second job.
      const key = `chaos-${next}`;
      for (;;) {
        const answer = await darkroom.post(files, { tag, key }).catch(() => undefined);
        if (answer?.status === 202) {
          accepted.push(((await answer.json()) as Status).job);
          break;
        }
        refusals += 1;
        await sleep(200);
      }
      if (accepted.length % 100 === 0)
        say(`${accepted.length} accepted, ${kills} kills, ${refusals} posts refused and sent again`);
    }
  }
  await Promise.all(Array.from({ length: 4 }, client));

  raging = false;
  clearInterval(killer);
  await rm(darkroom.chaosSwitch);
  say(`The faults stop: ${kills} kills, ${JSON.stringify(saboteur.counts)}, ${mailbox.refused} mails refused`);
  try {
    return await balance({ darkroom, mailbox, saboteur, reference, accepted, sweepEvery: plan.sweepEvery * 1000, say });
  } finally {
    await darkroom.close();
    saboteur.close();
    await mailbox.close();
  }
}

/** What each sample becomes when nothing fails. */
async function developQuietly(darkroom: Darkroom, samples: Sample[]): Promise<Reference> {
  const answer = await darkroom.post(samples, { tag: 'v2' });
  const { job } = (await answer.json()) as Status;
  return { job, digests: await digestsOf(darkroom.url, await darkroom.finished(job)) };
}

/** Shorter waits than a real day needs: between two sweeps, and between two attempts of the broker. */
async function hasten(folder: string, seconds: number): Promise<void> {
  const broker = join(folder, 'config/base/broker.yaml');
  await writeFile(broker, (await readFile(broker, 'utf8')).replace('PT0.5S', 'PT0.1S'));
  const manifest = `apiVersion: sources.knative.dev/v1
kind: PingSource
metadata: { name: sweep }
spec:
  schedule: '*/${seconds} * * * * *'
  contentType: application/json
  data: '{"idleSeconds": ${seconds / 2}}'
  sink: { ref: { apiVersion: serving.knative.dev/v1, kind: Service, name: sweep } }
`;
  await writeFile(join(folder, 'config/base/sweep.yaml'), manifest);
}
