import { eventType } from '@darkroom/shared/events';
import type { Job } from '@darkroom/shared/job';
import { keys } from '@darkroom/shared/job/keys';
import { readJson } from '@darkroom/shared/store';
import { takeLock } from '@darkroom/shared/store/lock';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { type TestClock, testClock } from '../../../packages/shared/test/support/clock.ts';
import { type Lab, openLab } from '../../../packages/shared/test/support/lab.ts';
import { notifier } from '../src/notifier.ts';
import type { MailOutcome } from '../src/outcome.ts';
import { openTransport } from '../src/transport.ts';
import { type MailServer, startMailServer } from './mail-server.ts';
import { age, completionOf, printed } from './support.ts';

let lab: Lab;
let server: MailServer;
let clock: TestClock;
let counted: MailOutcome['kind'][];
let notify: ReturnType<typeof notifier>;

beforeAll(async () => {
  lab = await openLab();
  server = await startMailServer();
});
beforeEach(() => {
  server.script = {};
  server.mails = [];
  counted = [];
  clock = testClock(Date.now());
  notify = open(clock);
});
afterAll(async () => {
  await server.close();
  await lab.close();
});

const hour = 60 * 60;
const minutes = 60;

function open(time: TestClock, store = lab.store) {
  return notifier({
    store,
    clock: time,
    send: openTransport({ MAIL_TRANSPORT: 'smtp', SMTP_URL: server.url, SENDGRID_URL: 'http://127.0.0.1/' }, time),
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
  await age(lab, job, seconds);
  return notify(job);
}

test('mails a job once, ends it, and leaves nothing of the attempt', async () => {
  const job = await printed(lab);
  expect(await notify(job)).toMatchObject({ type: eventType.jobCompleted, job: job.job, outcome: 'completed' });
  expect(await notify(job)).toMatchObject({ type: eventType.jobCompleted });
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
    expect(server.mails[1]!.email.text).toContain('Download them from the page');
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
  expect(await after(job, 60)).toBeUndefined();
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
  expect(await after(job, 5 * minutes)).toMatchObject({ type: eventType.jobCompleted });
  expect(server.mails).toHaveLength(3);
  expect(new Set(server.mails.map(({ email }) => email.messageId)).size).toBe(1);
  expect(await completionOf(lab, job)).toMatchObject({
    mail: 'failed',
    mailReason: expect.stringContaining('may have arrived') as string,
  });
});

test('while one sender waits for the final answer, others see it alive and leave; then the job ends', async () => {
  const job = await printed(lab);
  const { promise: hold, resolve } = Promise.withResolvers<void>();
  server.script = { hold };
  const sending = notify(job);
  await expect.poll(() => server.mails.length).toBe(1);
  const other = notify(job);
  expect(await untilDone(clock, other)).toBeUndefined();
  resolve();
  expect(await sending).toMatchObject({ type: eventType.jobCompleted });
  expect(server.mails).toHaveLength(1);
});

test('who takes over from a sender that fell silent after handing over waits before the mail goes out again', async () => {
  const job = await printed(lab);
  const { promise: hold, resolve } = Promise.withResolvers<void>();
  server.script = { hold };
  const [frozen, living] = [testClock(Date.now()), testClock(Date.now() + 600_000)];
  const silent = open(frozen)(job);
  await expect.poll(() => server.mails.length).toBe(1);
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
  const { promise: holdRecipient, resolve } = Promise.withResolvers<void>();
  server.script = { holdRecipient };
  const [frozen, living] = [testClock(Date.now()), testClock(Date.now() - 600_000)];
  const before = server.commands.length;
  const silent = open(frozen)(job);
  await expect.poll(() => server.commands.slice(before).some((line) => line.startsWith('RCPT'))).toBe(true);
  server.script = {};
  expect(await untilDone(living, open(living)(job))).toMatchObject({ type: eventType.jobCompleted });
  resolve();
  expect(await silent).toBeUndefined();
  expect(server.mails).toHaveLength(1);
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
  const { promise: hold, resolve } = Promise.withResolvers<void>();
  server.script = { hold, afterData: '451 4.3.0 Later' };
  const sending = notify(job);
  await expect.poll(() => server.mails.length).toBe(1);
  await lab.store.writeOnce(`${keys.mailLock(job.job)}/99`, Buffer.from('{}'));
  resolve();
  expect(await sending).toBeUndefined();
  expect(await recordOf(job)).toMatchObject({ unsure: 1, failures: 0 });
});

test('nobody gets the mail of a job that is deleted while it is on its way', async () => {
  const job = await printed(lab);
  const { promise: holdRecipient, resolve } = Promise.withResolvers<void>();
  server.script = { holdRecipient };
  const before = server.commands.length;
  const sending = notify(job);
  await expect.poll(() => server.commands.slice(before).some((line) => line.startsWith('RCPT'))).toBe(true);
  for (const key of await lab.keys()) if (key.includes(job.job)) await lab.store.remove(key);
  resolve();
  expect(await sending).toBeUndefined();
  expect(server.mails).toEqual([]);
  expect((await lab.keys()).filter((key) => key.includes(job.job))).toEqual([]);
});

test('a job that was deleted after its mail went out is not revived by the answer', async () => {
  const job = await printed(lab);
  const { promise: hold, resolve } = Promise.withResolvers<void>();
  server.script = { hold };
  const sending = notify(job);
  await expect.poll(() => server.mails.length).toBe(1);
  for (const key of await lab.keys()) if (key.includes(job.job)) await lab.store.remove(key);
  resolve();
  await sending;
  expect((await lab.keys()).filter((key) => key.includes(job.job))).toEqual([]);
});

test('ends a job that was ended by another between the first look and the lock', async () => {
  const job = await printed(lab);
  const lock = (await takeLock(lab.store, keys.mailLock(job.job), { clock }))!;
  const waiting = notify(job);
  await lab.store.write(
    keys.completed(job.job),
    Buffer.from(JSON.stringify({ status: 'failed', mail: 'sent', completedAt: '' })),
  );
  await lock.release();
  expect(await untilDone(clock, waiting)).toMatchObject({ type: eventType.jobCompleted, outcome: 'failed' });
  expect(server.mails).toEqual([]);
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
  expect(await untilDone(clock, open(clock, store)(job))).toMatchObject({ type: eventType.jobCompleted });
  expect(server.mails).toHaveLength(1);
});

test('a fault before the mail releases the lock, so that the next attempt is not kept waiting', async () => {
  const job = await printed(lab);
  await lab.store.write(keys.archiveRejection(job.job), Buffer.from('not JSON'));
  await expect(notify(job)).rejects.toThrow('JSON');
  await lab.store.remove(keys.archiveRejection(job.job));
  expect(await notify(job)).toMatchObject({ type: eventType.jobCompleted });
});

async function untilDone<T>(time: TestClock, work: Promise<T>): Promise<T> {
  const state = { done: false };
  const finish = () => (state.done = true);
  void work.then(finish, finish);
  while (!state.done) {
    await time.advance(500);
    await diskAtRest();
  }
  return work;
}

/** Mail server and test share a thread, but the disk works beside them: time must not pass while it is slow, or a lock would be lost. */
async function diskAtRest(): Promise<void> {
  do await new Promise((wake) => setTimeout(wake, 5));
  while (process.getActiveResourcesInfo().some((name) => name.startsWith('FSReq')));
}
