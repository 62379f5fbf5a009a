import { randomUUID } from 'node:crypto';
import { eventType } from '@darkroom/shared/events';
import type { Job } from '@darkroom/shared/job';
import { keys } from '@darkroom/shared/job/keys';
import { removeJob } from '@darkroom/shared/job/remove';
import { json, readJson, type Store } from '@darkroom/shared/store';
import { lockLease } from '@darkroom/shared/store/lock';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { type TestClock, testClock } from '../../../packages/shared/test/support/clock.ts';
import { labWith } from '../../../packages/shared/test/support/lab.ts';
import { memoryStore } from '../../../packages/shared/test/support/memory-store.ts';
import { encodedBytes } from '../src/attachments.ts';
import type { Send } from '../src/handover.ts';
import { messageIdOf } from '../src/mail.ts';
import { notifier } from '../src/notifier.ts';
import type { MailOutcome } from '../src/outcome.ts';
import { openTransport } from '../src/transport.ts';
import { type MailServer, startMailServer } from './mail-server.ts';
import { completionOf, covered, printed } from './support.ts';

let lab: ReturnType<typeof labWith>;
/** What the store dates its keys by, in milliseconds. */
let storeTime: number;
let server: MailServer;
let clock: TestClock;
let counted: MailOutcome['kind'][];
let notify: ReturnType<typeof notifier>;

beforeAll(async () => {
  server = await startMailServer();
});
beforeEach(() => {
  server.script = {};
  server.mails = [];
  counted = [];
  clock = testClock();
  storeTime = clock.now();
  lab = labWith(memoryStore(() => storeTime));
  notify = open(clock);
});
afterAll(() => server.close());

const hour = 60 * 60;
const minutes = 60;

function open(time: TestClock, store = lab.store, send?: Send) {
  return notifier({
    store,
    clock: time,
    send: send ?? openTransport({ MAIL_TRANSPORT: 'smtp', SMTP_URL: server.url, SENDGRID_URL: 'http://127.0.0.1/' }, time),
    count: ({ kind }) => counted.push(kind),
    settings: {
      PUBLIC_URL: 'http://photos.example.org',
      MAIL_FROM: 'Darkroom <lab@example.org>',
      MAIL_ATTACH_MAX: 1_000_000,
      MAIL_RETRY: 60,
      RETENTION: 24 * hour,
    },
  });
}

const recordOf = (job: Job) => readJson(lab.store, keys.mail(job.job));

/** A job whose mail is large with its print, and small without. */
async function printedLarge(): Promise<Job> {
  const job = await printed(lab);
  await lab.store.write(keys.print(job, job.images[0]!, 'grayscale'), Buffer.alloc(30_000, 'x'));
  return job;
}

/** As sweep does: asks again after a time. */
async function after(job: Job, seconds: number) {
  storeTime += seconds * 1000;
  return notify(job);
}

/** Begins to send the mail of a job, as far as RCPT TO. @returns how to let the server answer it */
async function sendUntilRecipient(job: Job, send = notify) {
  const { promise: holdRecipient, resolve } = Promise.withResolvers<void>();
  server.script = { holdRecipient };
  const before = server.commands.length;
  const sending = send(job);
  await expect.poll(() => server.commands.slice(before).some((line) => line.startsWith('RCPT'))).toBe(true);
  return { sending, resolve };
}

/** Sends the mail of a job, as far as the final answer. @returns how to let the server give it */
async function sendUntilAnswer(job: Job, send = notify) {
  const { promise: hold, resolve } = Promise.withResolvers<void>();
  server.script = { ...server.script, hold };
  const sending = send(job);
  await expect.poll(() => server.mails.length).toBe(1);
  return { sending, resolve };
}

test.each([
  ['a webhook', { notifyUrl: 'https://shop.example.com/' }, 'true'],
  ['none', {}, 'false'],
])('the end of a job with %s says so, as often as it is told', async (_, wish, webhook) => {
  const job = await printed(lab, wish);
  const told = { type: eventType.jobCompleted, webhook };
  expect(await notify(job)).toMatchObject(told);
  expect(await notify(job)).toMatchObject(told);
});

test('a job without an address ends without a mail, and its completion is told again', async () => {
  const job = await printed(lab, { email: '' });
  expect(await notify(job)).toMatchObject({ type: eventType.jobCompleted, outcome: 'completed' });
  expect(await completionOf(lab, job)).toEqual({ status: 'completed', completedAt: expect.any(String), mail: 'none' });
  expect(await notify(job)).toMatchObject({ type: eventType.jobCompleted });
  expect([server.mails, counted]).toEqual([[], []]);
  expect((await lab.keys()).filter((key) => /^open|mail.json/.test(key))).toEqual([]);
});

test('ten mails are sent at once; those that wait for the lock of a process that died do not count', async () => {
  const { promise: hold, resolve } = Promise.withResolvers<void>();
  const jobs = await Promise.all(Array.from({ length: 24 }, () => printed(lab)));
  for (const { job } of jobs.slice(0, 12)) await lab.store.write(`${keys.mailLock(job)}/1`, Buffer.from('it died'));
  const sending: string[] = [];
  const send: Send = async ({ messageId }, { confirm }) => {
    sending.push(messageId);
    await hold;
    await confirm();
    return { kind: 'sent' };
  };
  const busy = open(clock, lab.store, send);
  const all = Promise.all(jobs.map((job) => busy(job)));
  await expect.poll(() => sending).toHaveLength(10);
  expect(sending.sort()).toEqual(
    jobs
      .slice(12, 22)
      .map(({ job }) => messageIdOf(job, 'lab@example.org'))
      .sort(),
  );
  await clock.advance(2 * lockLease);
  expect(sending).toHaveLength(10);
  resolve();
  expect(await all).toEqual(jobs.map(({ job }) => expect.objectContaining({ type: eventType.jobCompleted, job })));
});

test('mails a job once, ends it, and leaves nothing of the attempt', async () => {
  const job = await printed(lab);
  expect(await notify(job)).toMatchObject({ type: eventType.jobCompleted, job: job.job, outcome: 'completed' });
  const left = await lab.keys();
  expect(await notify(job)).toMatchObject({ type: eventType.jobCompleted });
  expect(await lab.keys(), 'what is ended needs no lock').toEqual(left);
  expect(server.mails).toHaveLength(1);
  expect(await completionOf(lab, job)).toEqual({
    status: 'completed',
    completedAt: new Date(clock.now()).toISOString(),
    mail: 'sent',
  });
  expect(await lab.store.stat(keys.open(job.job))).toBeUndefined();
  expect(await recordOf(job)).toBeUndefined();
  expect(counted).toEqual(['sent']);
});

test('nothing is mailed before the last print and the archive are there, nor for a job that is not', async () => {
  expect(await notify({ job: randomUUID() })).toBeUndefined();
  const unprinted = await lab.accept({ filters: ['grayscale'], archive: false });
  expect(await notify(unprinted)).toBeUndefined();
  const unpacked = await printed(lab, { archive: true });
  expect(await notify(unpacked)).toBeUndefined();
  expect(server.mails).toEqual([]);
  expect((await lab.keys()).filter((key) => key.includes('mail'))).toEqual([]);
  await lab.store.write(keys.archive(unpacked.job), Buffer.from('PK'));
  expect(await notify(unpacked)).toMatchObject({ type: eventType.jobCompleted });
  expect(server.mails.map(({ email }) => email.attachments.map(({ filename }) => filename))).toEqual([['darkroom-prints.zip']]);
});

test('a job of which nothing could be made has failed, and its mail says why', async () => {
  const job = await lab.accept({ filters: ['grayscale'], archive: false });
  await lab.store.write(keys.rejection(job.job, '1', 'grayscale'), json({ reason: 'The file is damaged.' }));
  expect(await notify(job)).toMatchObject({ type: eventType.jobCompleted, outcome: 'failed' });
  expect(await notify(job)).toMatchObject({ outcome: 'failed' });
  expect(await completionOf(lab, job)).toMatchObject({ status: 'failed', mail: 'sent' });
  expect(server.mails.map(({ email }) => email.text)).toEqual([expect.stringContaining('The file is damaged.')]);
});

test('an address that is refused ends the job, with a sentence', async () => {
  const job = await printed(lab);
  server.script = { rcpt: '550 5.1.1 No such user' };
  expect(await notify(job)).toMatchObject({ outcome: 'completed' });
  expect(await completionOf(lab, job)).toMatchObject({
    status: 'completed',
    mail: 'failed',
    mailReason: 'The mail server accepts no mail for this address. Check it, and post the photos again.',
  });
});

test.each(['552 5.3.4 Too large', '554 5.7.1 Refused'])(
  'a mail that is refused with "%s" goes once more with links only',
  async (reply) => {
    const job = await printedLarge();
    server.script = { afterData: (bytes) => (bytes > 20_000 ? reply : undefined) };
    expect(await notify(job)).toMatchObject({ type: eventType.jobCompleted });
    expect(server.mails.map(({ email }) => email.attachments.length)).toEqual([1, 0]);
    expect(server.mails[1]!.email.text).toContain('Get them from the page');
    expect(new Set(server.mails.map(({ email }) => email.messageId)).size).toBe(1);
    expect(await completionOf(lab, job)).toMatchObject({ mail: 'sent' });
  },
);

test('a mail that is refused with links only ends the job', async () => {
  const job = await printed(lab);
  server.script = { afterData: '554 5.7.1 Refused' };
  await notify(job);
  expect(server.mails).toHaveLength(2);
  expect(await completionOf(lab, job)).toMatchObject({
    mail: 'failed',
    mailReason: expect.stringContaining('refused the mail') as string,
  });
});

test('above the SIZE of the server there are links only, and nothing was sent in vain', async () => {
  const job = await printedLarge();
  server.script = { size: 20_000 };
  await notify(job);
  expect(server.mails.map(({ email }) => email.attachments.length)).toEqual([0]);
  expect(counted).toEqual(['contentRefused', 'sent']);
});

test('a picture goes along with what is attached; refused with it, neither goes again', async () => {
  const job = await covered(lab);
  server.script = { afterData: (bytes) => (bytes > 9000 ? '552 5.3.4 Too large' : undefined) };
  await lab.store.write(keys.print(job, job.images[0]!, 'grayscale'), Buffer.alloc(30_000, 'x'));
  await notify(job);
  expect(server.mails.map(({ email }) => email.attachments.map(({ filename }) => filename))).toEqual([
    ['print.jpg', 'photo-grayscale.jpg'],
    [],
  ]);
  expect(server.mails.map(({ email }) => email.html?.includes('cid:'))).toEqual([true, false]);
});

test('where the prints are too large, the picture goes alone; a mail that is refused for it goes once more without', async () => {
  const job = await covered(lab);
  await lab.store.write(keys.print(job, job.images[0]!, 'grayscale'), Buffer.alloc(1_000_000, 'x'));
  server.script = { afterData: () => (server.mails.length === 1 ? '554 5.7.1 No pictures' : undefined) };
  await notify(job);
  expect(server.mails.map(({ email }) => email.attachments.map(({ filename }) => filename))).toEqual([['print.jpg'], []]);
  expect(counted).toEqual(['contentRefused', 'sent']);
});

test('a print that fits alone, and not beside the picture, comes before it', async () => {
  const job = await covered(lab);
  const room = 1_000_000;
  const bytes = Math.floor((room - encodedBytes(0, 'photo-grayscale.jpg')) / 78) * 57;
  await lab.store.write(keys.print(job, job.images[0]!, 'grayscale'), Buffer.alloc(bytes, 'x'));
  await notify(job);
  expect(server.mails[0]!.email.attachments.map(({ filename }) => filename)).toEqual(['photo-grayscale.jpg']);
});

test('links only stays true for the attempts that follow', async () => {
  const job = await printedLarge();
  let busy = true;
  server.script = { afterData: (bytes) => (bytes > 20_000 ? '552 5.3.4 Too large' : busy ? '451 4.3.0 Later' : undefined) };
  await expect(notify(job)).rejects.toThrow('451 4.3.0');
  busy = false;
  await notify(job);
  expect(server.mails.map(({ email }) => email.attachments.length)).toEqual([1, 0, 0]);
});

test('a busy server: the broker tries again soon, later sweep does, for as long as sweep likes', async () => {
  const job = await printed(lab);
  server.script = { rcpt: '450 4.2.0 Greylisted' };
  for (let attempt = 0; attempt < 3; attempt += 1)
    await expect(notify(job)).rejects.toThrow('The mail could not be sent: 450 4.2.0 at RCPT TO');
  expect(await notify(job)).toBeUndefined();
  expect(counted).toHaveLength(4);
  expect(await after(job, 59)).toBeUndefined();
  expect(counted).toHaveLength(4);
  expect(await after(job, 1)).toBeUndefined();
  expect(counted).toHaveLength(5);
  clock.jump(24 * hour * 1000);
  for (let round = 0; round < 20; round += 1) expect(await after(job, 5 * minutes)).toBeUndefined();
  expect(counted).toHaveLength(25);
  expect(await completionOf(lab, job)).toBeUndefined();
});

test.each([24, -24])('a clock that is %i hours wrong costs nobody a mail', async (hours) => {
  const job = await printed(lab);
  clock.jump(hours * hour * 1000);
  server.script = { rcpt: '450 4.2.0 Greylisted' };
  for (let failures = 0; failures < 3; failures += 1) await expect(notify(job)).rejects.toThrow('450');
  server.script = {};
  await notify(job);
  expect(await completionOf(lab, job)).toMatchObject({ mail: 'sent' });
});

test("the operator's fault is loud, tried rarely, and once mended costs nobody a mail", async () => {
  const print = vi.spyOn(console, 'log').mockImplementation(() => undefined);
  const job = await printed(lab);
  server.script = { mail: '550 5.7.1 lab@example.org is refused' };
  expect(await notify(job)).toBeUndefined();
  expect(print.mock.calls.flat().join('\n')).toMatch(/MAIL SETTINGS DO NOT WORK.+ answer="550 5\.7\.1 at MAIL FROM"/);
  expect(print.mock.calls.flat().join('\n')).not.toContain('lab@example.org');
  print.mockRestore();
  expect(counted).toEqual(['misconfigured']);
  expect(await notify(job)).toBeUndefined();
  expect(counted).toHaveLength(1);
  server.script = {};
  expect(await after(job, minutes)).toMatchObject({ outcome: 'completed' });
  expect(await completionOf(lab, job)).toMatchObject({ mail: 'sent' });
});

test('a server that takes the mail and never says so gets it three times, minutes apart, as one mail', async () => {
  const job = await printed(lab);
  server.script = { drop: true };
  expect(await notify(job)).toBeUndefined();
  for (let asked = 0; asked < 5; asked += 1) expect(await notify(job)).toBeUndefined();
  expect(server.mails).toHaveLength(1);
  expect(await after(job, minutes)).toBeUndefined();
  expect(await after(job, 4 * minutes)).toBeUndefined();
  expect(server.mails).toHaveLength(2);
  expect(await after(job, minutes)).toMatchObject({ type: eventType.jobCompleted });
  expect(server.mails).toHaveLength(3);
  expect(new Set(server.mails.map(({ email }) => email.messageId)).size).toBe(1);
  expect(await completionOf(lab, job)).toMatchObject({
    mail: 'failed',
    mailReason: expect.stringContaining('may have arrived') as string,
  });
});

test('after three copies without an answer, as when each sender was killed, no fourth goes out and the job ends', async () => {
  const job = await printed(lab);
  await lab.store.write(keys.mail(job.job), json({ failures: 0, unsure: 3, pauseSeconds: 1500, linksOnly: false }));
  expect(await notify(job)).toMatchObject({ type: eventType.jobCompleted });
  expect(server.mails).toEqual([]);
  expect(await completionOf(lab, job)).toMatchObject({
    mail: 'failed',
    mailReason: expect.stringContaining('may have arrived') as string,
  });
});

test('what cannot be noted is not handed over, and the fault is passed on for another attempt', async () => {
  const job = await printed(lab);
  const store = {
    ...lab.store,
    async write(key: string, content: Uint8Array) {
      if (key === keys.mail(job.job)) throw new Error('EIO');
      return lab.store.write(key, content);
    },
  };
  await expect(open(clock, store)(job)).rejects.toThrow('EIO');
  expect(server.mails).toEqual([]);
  expect(await notify(job)).toMatchObject({ type: eventType.jobCompleted });
});

test("no other outcome is as loud as the operator's fault, and success says nothing", async () => {
  const print = vi.spyOn(console, 'log').mockImplementation(() => undefined);
  await notify(await printed(lab));
  expect(print).not.toHaveBeenCalled();
  server.script = { rcpt: '550 5.1.1 No such user' };
  await notify(await printed(lab));
  expect(print.mock.calls.flat().join('\n')).not.toContain('MAIL SETTINGS');
  expect(print.mock.calls.flat().join('\n')).toContain('550 5.1.1 at RCPT TO');
  print.mockRestore();
});

test('while one sender waits for the final answer, others see it alive and leave; then the job ends', async () => {
  const job = await printed(lab);
  const { sending, resolve } = await sendUntilAnswer(job);
  expect(await untilDone(clock, notify(job))).toBeUndefined();
  resolve();
  expect(await sending).toMatchObject({ type: eventType.jobCompleted });
  expect(server.mails).toHaveLength(1);
});

test('however long the server takes to ask for the mail, whoever sends it keeps the lock', async () => {
  const job = await printed(lab);
  const { sending, resolve } = await sendUntilRecipient(job);
  await clock.advance(10 * lockLease);
  expect(await untilDone(clock, notify(job))).toBeUndefined();
  resolve();
  expect(await sending).toMatchObject({ type: eventType.jobCompleted });
  expect(counted).toEqual(['sent']);
});

test('whoever takes over from a sender that fell silent after handing over waits before the mail goes out again', async () => {
  const job = await printed(lab);
  const [frozen, living] = [testClock(), testClock(Date.parse('2026-07-01T12:10:00Z'))];
  const { sending: silent, resolve } = await sendUntilAnswer(job, open(frozen));
  expect(await untilDone(living, open(living)(job))).toBeUndefined();
  expect(server.mails).toHaveLength(1);
  // It wakes up, and hears that the mail was taken.
  resolve();
  expect(await silent).toMatchObject({ type: eventType.jobCompleted });
  expect(await completionOf(lab, job)).toMatchObject({ mail: 'sent' });
  expect(server.mails).toHaveLength(1);
});

test('a sender that was taken over before handing over sends nothing', async () => {
  const job = await printed(lab);
  const [frozen, living] = [testClock(), testClock(Date.parse('2026-07-01T11:50:00Z'))];
  const { sending: silent, resolve } = await sendUntilRecipient(job, open(frozen));
  server.script = {};
  expect(await untilDone(living, open(living)(job))).toMatchObject({ type: eventType.jobCompleted });
  resolve();
  expect(await silent).toBeUndefined();
  expect(server.mails).toHaveLength(1);
  expect(await recordOf(job)).toBeUndefined();
});

test('a sender that is taken over while it notes the handover sends nothing', async () => {
  const job = await printed(lab);
  const store = {
    ...lab.store,
    async write(key: string, content: Uint8Array) {
      await lab.store.write(key, content);
      if (key === keys.mail(job.job)) await lab.store.writeOnce(`${keys.mailLock(job.job)}/99`, Buffer.from('{}'));
    },
  };
  expect(await open(clock, store)(job)).toBeUndefined();
  expect(server.mails).toEqual([]);
});

test('a sender that was taken over after handing over leaves the record to the other', async () => {
  const job = await printed(lab);
  server.script = { afterData: '451 4.3.0 Later' };
  const { sending, resolve } = await sendUntilAnswer(job);
  await lab.store.writeOnce(`${keys.mailLock(job.job)}/99`, Buffer.from('{}'));
  resolve();
  expect(await sending).toBeUndefined();
  expect(await recordOf(job)).toMatchObject({ unsure: 1, failures: 0 });
});

test('nobody gets the mail of a job that is deleted while it is on its way', async () => {
  const job = await printed(lab);
  const { sending, resolve } = await sendUntilRecipient(job);
  for (const key of await lab.keys()) if (key.includes(job.job)) await lab.store.remove(key);
  resolve();
  expect(await sending).toBeUndefined();
  expect(server.mails).toEqual([]);
  expect((await lab.keys()).filter((key) => key.includes(job.job))).toEqual([]);
});

test('a job that was deleted after its mail went out is not revived by the answer', async () => {
  const job = await printed(lab);
  const { sending, resolve } = await sendUntilAnswer(job);
  for (const key of await lab.keys()) if (key.includes(job.job)) await lab.store.remove(key);
  resolve();
  await sending;
  expect((await lab.keys()).filter((key) => key.includes(job.job))).toEqual([]);
});

describe('between the first look at a job and the lock', () => {
  /** The store, where something happens when the lock is asked for. */
  const interrupted = (job: Job, happen: () => Promise<void>): Store => {
    let happened = false;
    return {
      ...lab.store,
      async *list(prefix) {
        if (prefix === `${keys.mailLock(job.job)}/` && !happened) {
          happened = true;
          await happen();
        }
        yield* lab.store.list(prefix);
      },
    };
  };

  test('another may have ended it: it is not mailed again', async () => {
    const job = await printed(lab);
    const completion = { status: 'failed', mail: 'sent', completedAt: '' };
    const store = interrupted(job, () => lab.store.write(keys.completed(job.job), json(completion)));
    expect(await open(clock, store)(job)).toMatchObject({ type: eventType.jobCompleted, outcome: 'failed' });
    expect(server.mails).toEqual([]);
    expect(await completionOf(lab, job)).toEqual(completion);
  });

  test('it may have been deleted: nobody is mailed, and nothing is left', async () => {
    const job = await printed(lab);
    const store = interrupted(job, () => removeJob(lab.store, job.job));
    expect(await open(clock, store)(job)).toBeUndefined();
    expect(server.mails).toEqual([]);
    expect(counted).toEqual([]);
    expect((await lab.keys()).filter((key) => key.includes(job.job))).toEqual([keys.gone(job.job), keys.leaving(job.job)]);
  });
});

test('the mail is out and the store fails for a moment: the job ends all the same', async () => {
  const job = await printed(lab);
  let failures = 3;
  const store = {
    ...lab.store,
    async writeOnce(key: string, content: Uint8Array) {
      if (key === keys.completed(job.job) && (failures -= 1) >= 0) throw new Error('EIO');
      return lab.store.writeOnce(key, content);
    },
  };
  const sending = open(clock, store)(job);
  await expect.poll(() => failures).toBe(2);
  await clock.advance(1000);
  expect(await sending).toMatchObject({ type: eventType.jobCompleted });
  expect(server.mails).toHaveLength(1);
});

test('a fault before the mail releases the lock, so that the next attempt is not kept waiting', async () => {
  const job = await printed(lab);
  await lab.store.write(keys.archiveRejection(job.job), Buffer.from('not JSON'));
  await expect(notify(job)).rejects.toThrow('JSON');
  await lab.store.remove(keys.archiveRejection(job.job));
  expect(await notify(job)).toMatchObject({ type: eventType.jobCompleted });
});

/** Lets enough time pass to find out that a holder of the lock is silent, and not so much that a mail server would be. */
async function untilDone<T>(time: TestClock, work: Promise<T>): Promise<T> {
  await time.advance(2 * lockLease);
  return work;
}
