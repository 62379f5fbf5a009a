import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { photo } from '../../../shared/test/support/lab.ts';
import type { Darkroom, Status } from '../pipeline/darkroom.ts';
import type { Mailbox } from './mailbox.ts';
import { archiveDigestsOf, type Digests, digestsOf } from './samples.ts';

/** What became of the jobs. */
export interface Books {
  accepted: number;
  completed: number;
  /** Milliseconds from the end of the faults until the last job was complete. */
  settledAfter: number;
  lost: string[];
  /** Jobs whose files or archive are not what they are when nothing fails. */
  wrong: string[];
  withoutMail: string[];
  duplicateMails: number;
  deadLetters: number;
  /** Keys below open/ that are left. */
  open: string[];
  temporaryFiles: string[];
  /** All that the runtime printed. */
  log: string;
}

interface Remains {
  darkroom: Darkroom;
  mailbox: Mailbox;
  expected: Digests;
  accepted: string[];
  /** Milliseconds to wait for the last job. */
  patience: number;
  say: (line: string) => void;
}

export async function balance({ darkroom, mailbox, expected, accepted, patience, say }: Remains): Promise<Books> {
  const begun = Date.now();
  let waiting = accepted;
  const ended = new Map<string, Status>();
  let settledAfter = 0;
  while (waiting.length > 0 && Date.now() - begun < patience) {
    for (const job of waiting) {
      const answer = await fetch(`${darkroom.url}/jobs/${job}`).catch(() => undefined);
      const status = answer?.ok ? ((await answer.json()) as Status) : undefined;
      if (status && status.status !== 'processing') ended.set(job, status);
    }
    waiting = accepted.filter((job) => !ended.has(job));
    settledAfter = Date.now() - begun;
    await sleep(200);
  }
  say(`${ended.size} of ${accepted.length} complete ${(settledAfter / 1000).toFixed(1)} s after the faults stopped`);

  const wrong: string[] = [];
  for (const [job, status] of ended) if (!(await isRight(darkroom.url, status, expected))) wrong.push(job);
  // What was left by processes that were killed goes with the next start and the next work.
  await darkroom.end('SIGTERM');
  await darkroom.start();
  const answer = await darkroom.post([{ name: 'last.jpg', bytes: await photo() }], { tag: 'v2' });
  await darkroom.finished(((await answer.json()) as Status).job);
  const mailsOf = (job: string) => mailbox.mails.get(`<${job}@localhost>`) ?? 0;
  const store = join(darkroom.folder, 'data/store');
  return {
    log: darkroom.output(),
    accepted: accepted.length,
    completed: [...ended.values()].filter(({ status }) => status === 'completed').length,
    settledAfter,
    lost: waiting,
    wrong,
    withoutMail: accepted.filter((job) => mailsOf(job) === 0),
    duplicateMails: accepted.reduce((sum, job) => sum + Math.max(0, mailsOf(job) - 1), 0),
    deadLetters: (await filesIn(join(store, 'dead'))).length,
    open: (await filesIn(join(store, 'open'))).filter((job) => accepted.includes(job)),
    temporaryFiles: [...(await filesIn(join(store, '.tmp'))), ...(await filesIn(join(darkroom.folder, 'data/tmp')))],
  };
}

/** Every file is the one that a quiet run makes, and the archive holds exactly these. */
async function isRight(url: string, status: Status, expected: Digests): Promise<boolean> {
  const files = await digestsOf(url, status);
  const same = (digests: Digests) =>
    Object.keys(digests).length === Object.keys(files).length &&
    Object.keys(files).every((path) => digests[path] === files[path]);
  const asExpected = Object.entries(files).every(([path, digest]) => expected[path] === digest);
  return asExpected && (status.revision === 'ingest-v1' || same(await archiveDigestsOf(url, status)));
}

async function filesIn(folder: string): Promise<string[]> {
  const items = await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => []);
  return items.filter((item) => item.isFile()).map(({ name }) => name);
}
