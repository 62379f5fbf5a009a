import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Darkroom, openDarkroom, type Status } from '../pipeline/darkroom.ts';
import { balance, type Books, type Reference } from './books.ts';
import { openDeletions } from './deletions.ts';
import { openHostileSender } from './hostile-sender.ts';
import { openMailbox } from './mailbox.ts';
import { openOutages } from './outages.ts';
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
  /** Share of mails that are taken without an answer. */
  unclearMail: number;
  /** Share of jobs that are deleted, at any moment. */
  deletions: number;
  /** Share of jobs with a large picture. */
  large: number;
  /** Seconds between two SIGKILLs of a function, between two that stand still for a while (SIGSTOP), and between two full disks. */
  killEvery: number;
  freezeEvery: number;
  fullEvery: number;
  /** Seconds. */
  sweepEvery: number;
  /** Seconds for everything. What is not done by then is a fault. */
  limit: number;
  say: (line: string) => void;
}

/** Milliseconds until a job that is to be deleted is. */
const longestLife = 5000;
/** All posts come from one machine and in a rush: what keeps one client from crowding out others is not under test here. */
const unlimited = { CLIENT_POSTS: '0', CLIENT_BYTES: '0', CLIENT_REQUESTS: '0' };

/** A main program next to this file: `npm start` with a saboteur in it. */
const program = join(import.meta.dirname, 'main.ts');

/**
 * Runs jobs with real photos while everything fails at random, then leaves the system alone, and balances the books. The choices depend
 * on the seed; exactly when a process is hit does not.
 */
export async function runChaos({ say, ...plan }: Plan): Promise<Books> {
  const begun = Date.now();
  const isOver = () => Date.now() - begun > plan.limit * 1000;
  const random = createRandom(plan.seed);
  let raging = false;
  const saboteur = await openSaboteur(() => (raging ? plan : undefined), random);
  const mailbox = await openMailbox(() => {
    const point = raging ? random() : 1;
    if (point < plan.busyMail) return 'busy';
    return point < plan.busyMail + plan.unclearMail ? 'unclear' : 'taken';
  });
  const darkroom = await openDarkroom(
    {
      ...unlimited,
      CHAOS_PROXY: saboteur.url,
      CHAOS_STORE_FAULTS: String(plan.storeFaults),
      SMTP_URL: mailbox.url,
      MAIL_RETRY: '5',
    },
    { program, prepare: (folder) => hasten(folder, plan.sweepEvery) },
  );
  const { small, large } = await makeSamples();
  const reference = await developQuietly(darkroom, [...small, large]);
  const deletions = openDeletions(darkroom);

  raging = true;
  await writeFile(darkroom.chaosSwitch, '');
  const outages = openOutages(darkroom, plan, random);
  const hostile = openHostileSender(darkroom, random);

  const accepted: string[] = [];
  let refusals = 0;
  let next = 0;
  async function client() {
    while (next < plan.jobs && !isOver()) {
      next += 1;
      const count = 1 + Math.floor(random() * 2);
      const files = Array.from({ length: count }, (_, index) => small[(next + index) % small.length]!);
      if (random() < plan.large) files.push(large);
      const tag = random() < 0.5 ? 'v1' : 'v2';
      // What was not accepted is sent again, under the same key: an answer that was lost makes no second job.
      const key = `chaos-${next}`;
      const email = `sender-${next}@chaos.example`;
      const deletedAfter = random() < plan.deletions ? random() * longestLife : undefined;
      while (!isOver()) {
        const answer = await darkroom.post(files, { tag, key, fields: { email } }).catch(() => undefined);
        if (answer?.status === 202) {
          const { job } = (await answer.json()) as Status;
          if (deletedAfter === undefined) accepted.push(job);
          else deletions.plan(job, { email, key, files, tag }, deletedAfter);
          break;
        }
        await answer?.body?.cancel();
        refusals += 1;
        await sleep(200);
      }
      if (next % 100 === 0) say(`${next} posted, ${JSON.stringify(outages.counts)}, ${refusals} posts refused and sent again`);
    }
  }
  await Promise.all(Array.from({ length: 4 }, client));
  await Promise.all([deletions.done(isOver), hostile.stop(), outages.stop()]);

  raging = false;
  await rm(darkroom.chaosSwitch);
  say(
    `The faults stop: ${JSON.stringify({ ...outages.counts, ...saboteur.counts })}, ${mailbox.refused} mails refused, ${mailbox.unclear.size} unclear, ${deletions.deleted.size} jobs deleted, ${hostile.attempts} hostile attempts`,
  );
  try {
    const sweepEvery = plan.sweepEvery * 1000;
    return await balance({ darkroom, mailbox, saboteur, reference, accepted, deletions, hostile, sweepEvery, isOver, say });
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
