import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { photo } from '../../../shared/test/support/lab.ts';
import type { Darkroom, Status } from '../pipeline/darkroom.ts';
import { addressesIn } from './addresses.ts';
import { type Deletions, tracesOf } from './deletions.ts';
import type { HostileSender } from './hostile-sender.ts';
import type { Mailbox } from './mailbox.ts';
import type { Saboteur } from './saboteur.ts';
import { archiveDigestsOf, type Digests, digestsOf } from './samples.ts';

/** How the jobs ended. */
export interface Books {
  accepted: number;
  completed: number;
  /** Milliseconds from the end of the faults until the last job was complete, not counting those that are given up. */
  settledAfter: number;
  /** How often sweep looked at the open jobs until then. */
  looks: number;
  lost: string[];
  /** Jobs that are still open, since nobody can know whether their mail has arrived. */
  unclear: string[];
  /** Jobs whose files or archive differ from those of a run without faults. */
  wrong: string[];
  /** Folders of jobs that nobody was promised: a post that was sent again has made a second job. */
  strays: string[];
  withoutMail: string[];
  /** Extra mails that no missing answer explains. */
  duplicateMails: number;
  /** Jobs whose mail was sent more often than a server's silence can excuse. */
  tooManyMails: string[];
  /** What a store still holds of deleted jobs and their senders. */
  leftovers: string[];
  /** Deleted jobs that a post with the same key has revived or created again. */
  raised: string[];
  /** What a hostile sender got through. */
  hostileAccepted: string[];
  /** Senders' addresses in the log, and in events and the answers to them. */
  addressesInLog: string[];
  addressesInEvents: string[];
  /** Files of the store, beside the records of jobs, that hold a sender's address. */
  filesWithAddresses: string[];
  /** The run was not done in time. */
  overtime: boolean;
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
  deletions: Pick<Deletions, 'deleted'>;
  hostile: Pick<HostileSender, 'accepted'>;
  isOver: () => boolean;
  /** Milliseconds. */
  sweepEvery: number;
  say: (line: string) => void;
}

/** What ends the address of each sender. */
const senders = ['@chaos.example', '@example.org'];

/** Copies of one mail that a person may get at most, however often the server keeps silent about it. */
const mostCopies = 4;

export async function balance(remains: Remains): Promise<Books> {
  const { darkroom, mailbox, saboteur, reference, accepted, deletions, hostile, sweepEvery, isOver, say } = remains;
  const { isCursed } = saboteur;
  const store = join(darkroom.folder, 'data/store');
  const begun = Date.now();
  const elapsed = () => Date.now() - begun;
  const ended = new Map<string, Status>();
  // Their mail may have arrived: to send it again is put off for longer than this run takes.
  const isUnclear = (job: string) => mailbox.unclear.has(job);
  const takesLong = (job: string) => isCursed(job) || isUnclear(job);
  let waiting = accepted;
  const looksBefore = looksIn(darkroom.output());
  let settled: { after: number; looks: number } | undefined;
  const settle = () => (settled ??= { after: elapsed(), looks: looksIn(darkroom.output()) - looksBefore });
  const others: string[] = [];
  do {
    for (const job of waiting) {
      const answer = await fetch(`${darkroom.url}/jobs/${job}`).catch(() => undefined);
      const status = answer?.ok ? ((await answer.json()) as Status) : undefined;
      if (status && status.status !== 'processing') ended.set(job, status);
    }
    waiting = accepted.filter((job) => !ended.has(job));
    if (waiting.every(takesLong)) settle();
    // A photo is blamed only where the stage is seen to make prints of others.
    if (elapsed() > (others.length * sweepEvery) / 2) others.push(await postAnother(darkroom));
    await sleep(200);
  } while (waiting.length > 0 && !isOver() && !(waiting.every(isUnclear) && elapsed() > sweepEvery * 5));
  const { after, looks } = settle();
  say(
    `${ended.size} of ${accepted.length} complete ${(after / 1000).toFixed(1)} s and ${looks} looks of sweep after the faults stopped`,
  );

  const wrong: string[] = [];
  for (const [job, status] of ended) {
    const expected = isCursed(job) ? withoutSepia(reference.digests) : reference.digests;
    if (!(await isRight(darkroom.url, status, expected))) wrong.push(job);
  }
  const known = new Set([reference.job, ...others, ...accepted, ...deletions.deleted.keys()]);
  const strays = (await readdir(join(store, 'jobs'))).filter((job) => !known.has(job));
  // What is left of deleted jobs goes with the next sweeps, and does not come back.
  await sleep(Math.max(0, 2 * sweepEvery - elapsed()));
  const words = [...deletions.deleted].flatMap(([job, { email }]) => [job, email]);
  const findLeftovers = async () => (words.length > 0 ? tracesOf(store, words) : []);
  let leftovers = await findLeftovers();
  while (leftovers.length > 0 && !isOver()) {
    await sleep(200);
    leftovers = await findLeftovers();
  }
  const raised: string[] = [];
  for (const [job, { email, key, files, tag }] of deletions.deleted) {
    const answer = await darkroom.post(files, { tag, key, fields: { email } });
    if (answer.status !== 410) raised.push(`${job}: ${answer.status}`);
    await answer.body?.cancel();
  }

  // What was left by processes that were killed goes with the next start and the next work.
  await darkroom.end('SIGTERM');
  await darkroom.start();
  const answer = await darkroom.post([{ name: 'last.jpg', bytes: await photo() }], { tag: 'v1' });
  await darkroom.finished(((await answer.json()) as Status).job);
  const mailsOf = (job: string) => mailbox.mails.get(job) ?? 0;
  const excused = (job: string) => mailbox.unclear.get(job) ?? 0;
  const log = darkroom.output();
  return {
    log,
    accepted: accepted.length,
    completed: [...ended.values()].filter(({ status }) => status === 'completed').length,
    settledAfter: after,
    looks,
    lost: waiting.filter((job) => !isUnclear(job)),
    unclear: waiting.filter(isUnclear),
    wrong,
    strays,
    withoutMail: accepted.filter((job) => mailsOf(job) === 0),
    duplicateMails: accepted.reduce((sum, job) => sum + Math.max(0, mailsOf(job) - 1 - excused(job)), 0),
    tooManyMails: [...mailbox.mails.keys()].filter((job) => mailsOf(job) > mostCopies),
    leftovers,
    raised,
    hostileAccepted: [...hostile.accepted],
    addressesInLog: addressesIn(log),
    addressesInEvents: [...saboteur.addresses],
    filesWithAddresses: (await tracesOf(store, senders)).filter((path) => !/^jobs\/[^/]+\/job\.json$/.test(path)),
    overtime: isOver(),
    deadLetters: (await filesIn(join(store, 'dead'))).length,
    open: (await filesIn(join(store, 'open'))).filter((job) => accepted.includes(job) && !isUnclear(job)),
    temporaryFiles: [...(await filesIn(join(store, '.tmp'))), ...(await filesIn(join(darkroom.folder, 'data/tmp')))],
  };
}

/** How many looks of sweep have ended. */
function looksIn(log: string): number {
  return log.match(/^\S+ sweep +(waiting after|failed at) dev\.knative\.sources\.ping/gm)?.length ?? 0;
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
