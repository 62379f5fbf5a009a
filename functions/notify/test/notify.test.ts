import { archiveCreated, eventType } from '@darkroom/shared/events';
import { keys } from '@darkroom/shared/job/keys';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type RunningFunction, startFunction } from '../../../packages/shared/test/support/function.ts';
import { type Lab, openLab, photo } from '../../../packages/shared/test/support/lab.ts';
import { type MailServer, startMailServer } from './mail-server.ts';
import { age, completionOf, environment, lastPrint, printed } from './support.ts';

let lab: Lab;
let server: MailServer;
let notify: RunningFunction;
beforeAll(async () => {
  lab = await openLab();
  server = await startMailServer();
  notify = await startFunction('notify', environment(lab, server.urlWithPassword));
});
beforeEach(() => {
  server.script = {};
  server.mails = [];
  server.commands = [];
});
afterAll(async () => {
  await notify.stop();
  await server.close();
  await lab.close();
});

const count = async (outcome: string) => {
  const sample = new RegExp(`^darkroom_mails_total\\{revision="ingest-v2",outcome="${outcome}"\\} (\\d+)$`, 'm');
  return Number(sample.exec(await notify.metrics())?.[1] ?? 0);
};

test('mails the prints once, completes the job and says so', async () => {
  const job = await printed(lab);
  const sent = await count('sent');
  const { reply } = await notify.deliver(lastPrint(job));
  expect(reply).toMatchObject({ type: eventType.jobCompleted, job: job.job, outcome: 'completed' });
  const [{ to, email, source }] = server.mails as [(typeof server.mails)[0]];
  expect(to).toEqual(['person@example.com']);
  expect(email.attachments.map(({ filename, mimeType }) => [filename, mimeType])).toEqual([
    ['photo-grayscale.jpg', 'image/jpeg'],
  ]);
  expect(Buffer.from(email.attachments[0]!.content as ArrayBuffer).equals(await photo())).toBe(true);
  expect(email.text).toContain(`http://photos.example.org/?job=${job.job}`);
  const head = source.slice(0, source.indexOf('\r\n\r\n'));
  expect(head).toMatch(/^Auto-Submitted: auto-generated\r$/m);
  expect(head).toMatch(/^X-Auto-Response-Suppress: All\r$/m);
  expect(head).toMatch(/^Message-ID: <[0-9a-f]{32}@example\.org>\r$/m);
  expect(head).not.toContain(job.job);
  expect(head).not.toMatch(/^List-/m);
  expect((await notify.deliver(lastPrint(job))).reply?.type).toBe(eventType.jobCompleted);
  expect(server.mails).toHaveLength(1);
  expect(await count('sent')).toBe(sent + 1);
});

test('waits while a print or the archive is missing', async () => {
  const unprinted = await lab.accept({ filters: ['grayscale'], archive: false });
  expect((await notify.deliver(lastPrint(unprinted))).status).toBe(204);
  const unpacked = await printed(lab, { archive: true });
  expect((await notify.deliver(archiveCreated(unpacked.job))).status).toBe(204);
  await lab.store.write(keys.archive(unpacked.job), Buffer.from('PK'));
  expect((await notify.deliver(archiveCreated(unpacked.job))).status).toBe(200);
  expect(server.mails.map(({ email }) => email.attachments.map(({ filename }) => filename))).toEqual([['darkroom-prints.zip']]);
});

test('ten deliveries at once send one mail', async () => {
  const job = await printed(lab);
  await Promise.all(Array.from({ length: 10 }, () => notify.deliver(lastPrint(job))));
  expect(server.mails).toHaveLength(1);
});

test('a mail server that is busy: 500, to be tried again, and then it works', async () => {
  const job = await printed(lab);
  server.script = { afterData: '451 4.3.0 Later' };
  expect((await notify.deliver(lastPrint(job))).status).toBe(500);
  server.script = {};
  expect((await notify.deliver(lastPrint(job))).status).toBe(200);
  expect(await completionOf(lab, job)).toMatchObject({ mail: 'sent' });
});

test('never mails to what is more than one address', async () => {
  const job = await printed(lab, { email: 'a@b.com, v@x.com' });
  await notify.deliver(lastPrint(job));
  expect(server.mails).toEqual([]);
  expect(await completionOf(lab, job)).toMatchObject({ mail: 'failed' });
});

test('a wrong password is loud in the log and on /metrics, and costs nobody the mail', async () => {
  const job = await printed(lab);
  server.script = { auth: '535 5.7.8 robot:top-secret is wrong' };
  const own = await startFunction('notify', environment(lab, server.urlWithPassword));
  expect((await own.deliver(lastPrint(job))).status).toBe(204);
  expect(own.output()).toContain('MAIL SETTINGS DO NOT WORK');
  expect(own.output()).toMatch(/answer="535 5\.7\.8 at AUTH \w+"/);
  expect(own.output()).not.toContain('top-secret');
  expect(await own.metrics()).toMatch(/^darkroom_mails_total\{revision="ingest-v2",outcome="misconfigured"\} 1$/m);
  server.script = {};
  await age(lab, job, 60);
  expect((await own.deliver(lastPrint(job))).reply?.type).toBe(eventType.jobCompleted);
  await own.stop();
});

describe('privacy', () => {
  test.each([
    { rcpt: '550 5.1.1 person@example.com is unknown' },
    { rcpt: '450 4.2.0 person@example.com: come later' },
    { mail: '550 5.7.1 no mail for person@example.com' },
    { afterData: '554 5.7.1 person@example.com refuses' },
    { afterData: '451 4.7.1 person@example.com: later' },
    { greeting: '554 person@example.com' },
    { drop: true },
  ])('%j: the address is in no log and no answer', async (script) => {
    const own = await startFunction('notify', environment(lab, server.url));
    const job = await printed(lab);
    server.script = script;
    const { text, reply } = await own.deliver(lastPrint(job));
    expect(text + JSON.stringify(reply?.data ?? '') + own.output()).not.toMatch(/person|example\.com/);
    expect(JSON.stringify(await completionOf(lab, job)) ?? '').not.toContain('person');
    await own.stop();
  });
});

test('if one of two processes is suspended during a mail, the other takes over, and one mail goes out', async () => {
  const job = await printed(lab);
  const { promise: holdRecipient, resolve } = Promise.withResolvers<void>();
  server.script = { holdRecipient };
  const frozen = await startFunction('notify', environment(lab, server.url));
  const silent = frozen.deliver(lastPrint(job));
  await expect.poll(() => server.commands.some((line) => line.startsWith('RCPT'))).toBe(true);
  process.kill(frozen.pid, 'SIGSTOP');
  server.script = {};
  expect((await notify.deliver(lastPrint(job))).reply?.type).toBe(eventType.jobCompleted);
  resolve();
  process.kill(frozen.pid, 'SIGCONT');
  expect((await silent).status).toBe(204);
  expect(frozen.output()).toContain('left the mail to another');
  expect(server.mails).toHaveLength(1);
  await frozen.stop();
});

test('a process killed after the mail went out leaves a record, so that the next one waits', async () => {
  const job = await printed(lab);
  const { promise: hold, resolve } = Promise.withResolvers<void>();
  server.script = { hold };
  const killed = await startFunction('notify', environment(lab, server.url));
  killed.deliver(lastPrint(job)).catch(() => undefined);
  await expect.poll(() => server.mails.length).toBe(1);
  await killed.stop('SIGKILL');
  resolve();
  server.script = {};
  expect((await notify.deliver(lastPrint(job))).status).toBe(204);
  expect(server.mails).toHaveLength(1);
  await age(lab, job, 60);
  expect((await notify.deliver(lastPrint(job))).reply?.type).toBe(eventType.jobCompleted);
  expect(server.mails.map(({ email }) => email.messageId)).toEqual(Array(2).fill(server.mails[0]!.email.messageId));
});

test('says what is missing in the settings, and does not start', async () => {
  await expect(
    startFunction('notify', { STORE_URL: 'file:/tmp/x', PUBLIC_URL: 'nonsense', MAIL_ATTACH_MAX: '-1', MAIL_RETRY: '0' }),
  ).rejects.toThrow(
    /PUBLIC_URL: must be a URL.*MAIL_FROM is missing.*MAIL_ATTACH_MAX: must be a whole number.*MAIL_RETRY: must be/,
  );
});
