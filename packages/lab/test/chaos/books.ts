import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { photo } from '../../../shared/test/support/lab.ts';
import type { Darkroom, Status } from '../pipeline/darkroom.ts';
import type { Mailbox } from './mailbox.ts';
import type { Saboteur } from './saboteur.ts';
import { archiveDigestsOf, type Digests, digestsOf } from './samples.ts';

/** What became of the jobs. */
export interface Books {
  accepted: number;
  completed: number;
  /** Milliseconds from the end of the faults until the last job was complete, those not counted that are given up. */
  settledAfter: number;
  lost: string[];
  /** Jobs whose files or archive are not what they are when nothing fails. */
  wrong: string[];
  /** Folders of jobs that nobody was promised: a post that was sent again has made a second job. */
  strays: string[];
  withoutMail: string[];
  duplicateMails: number;
  deadLetters: number;
  /** Keys below open/ that are left. */
  open: string[];
  temporaryFiles: string[];
  /** All that the runtime printed. */
  log: string;
}

/** A job of all samples that was made while nothing failed, and what became of them. */
export interface Reference {
  job: string;
  digests: Digests;
}

interface Remains {
  darkroom: Darkroom;
  mailbox: Mailbox;
  saboteur: Saboteur;
  reference: Reference;
  accepted: string[];
  /** Milliseconds. All must be complete after two, but for those that are given up: three rounds, each begun by a sweep. */
  sweepEvery: number;
  say: (line: string) => void;
}

export async function balance({ darkroom, mailbox, saboteur, reference, accepted, sweepEvery, say }: Remains): Promise<Books> {
  const { isCursed } = saboteur;
  const begun = Date.now();
  const elapsed = () => Date.now() - begun;
  const ended = new Map<string, Status>();
  let waiting = accepted;
  let settledAfter: number | undefined;
  const others: string[] = [];
  do {
    for (const job of waiting) {
      const answer = await fetch(`${darkroom.url}/jobs/${job}`).catch(() => undefined);
      const status = answer?.ok ? ((await answer.json()) as Status) : undefined;
      if (status && status.status !== 'processing') ended.set(job, status);
    }
    waiting = accepted.filter((job) => !ended.has(job));
    if (waiting.every(isCursed)) settledAfter ??= elapsed();
    // A photo is blamed only where the stage is seen to make prints of others.
    if (elapsed() > (others.length * sweepEvery) / 2) others.push(await postAnother(darkroom));
    await sleep(200);
  } while (waiting.length > 0 && elapsed() < sweepEvery * (waiting.every(isCursed) ? 5 : 2));
  settledAfter ??= elapsed();
  say(`${ended.size} of ${accepted.length} complete ${(settledAfter / 1000).toFixed(1)} s after the faults stopped`);

  const wrong: string[] = [];
  for (const [job, status] of ended) {
    const expected = isCursed(job) ? withoutSepia(reference.digests) : reference.digests;
    if (!(await isRight(darkroom.url, status, expected))) wrong.push(job);
  }
  const store = join(darkroom.folder, 'data/store');
  const strays = (await readdir(join(store, 'jobs'))).filter((job) => ![reference.job, ...others, ...accepted].includes(job));
  // What was left by processes that were killed goes with the next start and the next work.
  await darkroom.end('SIGTERM');
  await darkroom.start();
  const answer = await darkroom.post([{ name: 'last.jpg', bytes: await photo() }], { tag: 'v1' });
  await darkroom.finished(((await answer.json()) as Status).job);
  const mailsOf = (job: string) => mailbox.mails.get(`<${job}@localhost>`) ?? 0;
  return {
    log: darkroom.output(),
    accepted: accepted.length,
    completed: [...ended.values()].filter(({ status }) => status === 'completed').length,
    settledAfter,
    lost: waiting,
    wrong,
    strays,
    withoutMail: accepted.filter((job) => mailsOf(job) === 0),
    duplicateMails: accepted.reduce((sum, job) => sum + Math.max(0, mailsOf(job) - 1), 0),
    deadLetters: (await filesIn(join(store, 'dead'))).length,
    open: (await filesIn(join(store, 'open'))).filter((job) => accepted.includes(job)),
    temporaryFiles: [...(await filesIn(join(store, '.tmp'))), ...(await filesIn(join(darkroom.folder, 'data/tmp')))],
  };
}

async function postAnother(darkroom: Darkroom): Promise<string> {
  const answer = await darkroom.post([{ name: 'other.jpg', bytes: await photo() }], { tag: 'v2' });
  return ((await answer.json()) as Status).job;
}

/** Every file is the one that a quiet run makes, and the archive holds exactly these. */
async function isRight(url: string, status: Status, expected: Digests): Promise<boolean> {
  const files = await digestsOf(url, status);
  const asExpected = Object.entries(files).every(([path, digest]) => digest === expected[path]);
  const made = Object.fromEntries(Object.entries(files).filter(([, digest]) => digest !== 'rejected'));
  const same = (digests: Digests) =>
    Object.keys(digests).length === Object.keys(made).length && Object.keys(made).every((path) => digests[path] === made[path]);
  return asExpected && (status.revision === 'ingest-v1' || same(await archiveDigestsOf(url, status)));
}

function withoutSepia(digests: Digests): Digests {
  const entries = Object.entries(digests).map(([path, digest]) => [path, path.startsWith('sepia/') ? 'rejected' : digest]);
  return Object.fromEntries(entries) as Digests;
}

async function filesIn(folder: string): Promise<string[]> {
  const items = await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => []);
  return items.filter((item) => item.isFile()).map(({ name }) => name);
}
