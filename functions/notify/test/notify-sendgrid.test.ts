import { eventType } from '@darkroom/shared/events';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type RunningFunction, startFunction } from '../../../packages/shared/test/support/function.ts';
import { type Lab, openLab, photo } from '../../../packages/shared/test/support/lab.ts';
import { type SendGridServer, startSendGrid } from './sendgrid-server.ts';
import { age, completionOf, lastPrint, printed } from './support.ts';

let server: SendGridServer;
let lab: Lab;
let notify: RunningFunction;
beforeAll(async () => {
  server = await startSendGrid();
  lab = await openLab();
  notify = await startFunction('notify', {
    ...lab.environment,
    MAIL_TRANSPORT: 'sendgrid',
    SENDGRID_API_KEY: 'SG.secret',
    SENDGRID_URL: server.url,
    MAIL_FROM: 'Darkroom <lab@example.org>',
    MAIL_REPLY_TO: 'help@example.org',
    PUBLIC_URL: 'http://photos.example.org',
  });
});
beforeEach(() => {
  server.requests = [];
  server.replies = [];
});
afterAll(async () => {
  expect(notify.output()).not.toMatch(/SG\.secret|person@/);
  await notify.stop();
  await server.close();
  await lab.close();
});

test('the request is what the API asks for', async () => {
  const job = await printed(lab);
  expect((await notify.deliver(lastPrint(job))).reply?.type).toBe(eventType.jobCompleted);
  const [{ path, key, body }] = server.requests as [(typeof server.requests)[0]];
  expect([path, key]).toEqual(['/v3/mail/send', 'Bearer SG.secret']);
  expect(body.from).toEqual({ email: 'lab@example.org', name: 'Darkroom' });
  expect(body.reply_to).toEqual({ email: 'help@example.org' });
  expect(body.personalizations.map(({ to }) => to)).toEqual([[{ email: 'person@example.com' }]]);
  expect(body.subject).toBe('Your print is ready');
  expect(body.content.map(({ type }) => type)).toEqual(['text/plain', 'text/html']);
  expect(body.headers).toEqual({
    'Auto-Submitted': 'auto-generated',
    'X-Auto-Response-Suppress': 'All',
    'Content-Language': 'en',
    'Message-ID': expect.stringMatching(/^<[0-9a-f]{32}@example\.org>$/) as string,
  });
  expect(body.attachments).toEqual([
    {
      filename: 'photo-grayscale.jpg',
      type: 'image/jpeg',
      disposition: 'attachment',
      content: (await photo()).toString('base64'),
    },
  ]);
});

test('413: once more with links only', async () => {
  const job = await printed(lab);
  server.replies = [{ status: 413 }];
  expect((await notify.deliver(lastPrint(job))).reply?.type).toBe(eventType.jobCompleted);
  expect(server.requests.map(({ body }) => body.attachments?.length ?? 0)).toEqual([1, 0]);
  expect(await completionOf(lab, job)).toMatchObject({ mail: 'sent' });
});

test('Retry-After is waited for, whoever asks', async () => {
  const job = await printed(lab);
  server.replies = [{ status: 429, headers: { 'retry-after': '90' } }];
  for (let asked = 0; asked < 4; asked += 1) expect((await notify.deliver(lastPrint(job))).status).toBe(204);
  await age(lab, job, 80);
  expect((await notify.deliver(lastPrint(job))).status).toBe(204);
  expect(server.requests).toHaveLength(1);
  await age(lab, job, 10);
  expect((await notify.deliver(lastPrint(job))).reply?.type).toBe(eventType.jobCompleted);
  expect(server.requests).toHaveLength(2);
});

test('a 5xx is transient: the broker tries again, and the job completes', async () => {
  const job = await printed(lab);
  server.replies = [{ status: 503 }];
  expect((await notify.deliver(lastPrint(job))).status).toBe(500);
  expect((await notify.deliver(lastPrint(job))).reply?.type).toBe(eventType.jobCompleted);
  expect(server.requests).toHaveLength(2);
});

test("a wrong key is the operator's fault: the job stays open, and its mail goes out once it is mended", async () => {
  const job = await printed(lab);
  server.replies = [{ status: 401 }];
  expect((await notify.deliver(lastPrint(job))).status).toBe(204);
  expect(notify.output()).toContain('MAIL SETTINGS DO NOT WORK');
  await age(lab, job, 60);
  expect((await notify.deliver(lastPrint(job))).reply?.type).toBe(eventType.jobCompleted);
});

test('an address that is refused ends the job', async () => {
  const job = await printed(lab);
  server.replies = [{ status: 400, fields: ['personalizations.0.to.0.email'] }];
  expect((await notify.deliver(lastPrint(job))).reply?.type).toBe(eventType.jobCompleted);
  expect(await completionOf(lab, job)).toMatchObject({ mail: 'failed' });
});
