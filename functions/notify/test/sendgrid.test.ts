import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { eventType } from '@darkroom/shared/events';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { testClock } from '../../../packages/shared/test/support/clock.ts';
import { type RunningFunction, startFunction } from '../../../packages/shared/test/support/function.ts';
import { type Lab, openLab, photo } from '../../../packages/shared/test/support/lab.ts';
import type { Mail } from '../src/mail.ts';
import { openSendGrid } from '../src/sendgrid.ts';
import { age, completionOf, lastPrint, printed } from './support.ts';

interface SendGridMail {
  from: object;
  reply_to?: object;
  personalizations: { to: object[] }[];
  subject: string;
  content: { type: string }[];
  attachments?: object[];
  headers: Record<string, string>;
  tracking_settings: object;
}

interface Reply {
  status: number;
  headers?: Record<string, string>;
  fields?: string[];
  /** Ends the connection without a reply. */
  drop?: boolean;
}

// SendGrid itself cannot be reached from a test: this speaks its v3 API.
let api: Server;
let url: string;
let requests: { path: string | undefined; key: string | undefined; body: SendGridMail }[] = [];
let replies: Reply[] = [];
beforeAll(async () => {
  api = createServer((request: IncomingMessage, response) => {
    void text(request).then((body) => {
      requests.push({ path: request.url, key: request.headers.authorization, body: JSON.parse(body) as SendGridMail });
      const { status, headers, fields = [], drop } = replies.shift() ?? { status: 202 };
      if (drop) return void request.socket.destroy();
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      const errors = fields.map((field) => ({ message: 'person@example.com is wrong', field, help: null }));
      response.end(status === 202 ? '' : JSON.stringify({ errors }));
    });
  }).listen(0, '127.0.0.1');
  await once(api, 'listening');
  url = `http://127.0.0.1:${(api.address() as AddressInfo).port}/`;
});
beforeEach(() => {
  requests = [];
  replies = [];
});
afterAll(() => void api.close());

describe('what each answer means', () => {
  const mail: Mail = {
    from: 'lab@example.org',
    to: 'person@example.com',
    subject: 'x',
    text: 'x',
    html: 'x',
    messageId: '<1@example.org>',
    headers: {},
    attachments: [],
  };
  const handover = { signal: new AbortController().signal, confirm: async () => {} };

  test.each<[Reply, object]>([
    [{ status: 202 }, { kind: 'sent' }],
    [
      { status: 400, fields: ['personalizations.0.to.0.email'] },
      { kind: 'addressRefused', answer: 'SendGrid answered 400' },
    ],
    [{ status: 400 }, { kind: 'addressRefused' }],
    [
      { status: 400, fields: ['from.email'] },
      { kind: 'misconfigured', answer: 'SendGrid answered 400: the sender' },
    ],
    [{ status: 400, fields: ['attachments.0.content'] }, { kind: 'contentRefused' }],
    [{ status: 401 }, { kind: 'misconfigured', answer: 'SendGrid answered 401' }],
    [{ status: 403, fields: ['from'] }, { kind: 'misconfigured' }],
    [{ status: 404 }, { kind: 'misconfigured' }],
    [{ status: 413 }, { kind: 'contentRefused' }],
    [{ status: 408 }, { kind: 'busy' }],
    [{ status: 429 }, { kind: 'busy', answer: 'SendGrid answered 429' }],
    [
      { status: 429, headers: { 'retry-after': '120' } },
      { kind: 'busy', retryAfterSeconds: 120 },
    ],
    [
      { status: 503, headers: { 'retry-after': 'Wed, 01 Jul 2026 12:02:00 GMT' } },
      { kind: 'busy', retryAfterSeconds: 120 },
    ],
    [
      { status: 503, headers: { 'retry-after': 'Wed, 01 Jul 2026 11:00:00 GMT' } },
      { kind: 'busy', retryAfterSeconds: 0 },
    ],
    [
      { status: 500, headers: { 'retry-after': 'soon' } },
      { kind: 'busy', answer: 'SendGrid answered 500' },
    ],
    [
      { status: 0, drop: true },
      { kind: 'unsure', answer: 'SendGrid answered ECONNRESET' },
    ],
  ])('%j: %j', async (reply, outcome) => {
    replies = [reply];
    const actual = await openSendGrid(url, 'SG.secret', testClock())(mail, handover);
    expect(actual).toMatchObject(outcome);
    expect('retryAfterSeconds' in actual).toBe('retryAfterSeconds' in outcome);
    expect(JSON.stringify(actual)).not.toMatch(/person|secret/);
  });

  test('a server that is away has been sent nothing', async () => {
    const away = openSendGrid('http://127.0.0.1:1/', 'SG.secret', testClock());
    expect(await away(mail, handover)).toEqual({ kind: 'busy', answer: 'SendGrid answered ECONNREFUSED' });
  });

  test('no tracker learns who opens which link', async () => {
    await openSendGrid(url, 'SG.secret', testClock())(mail, handover);
    expect(requests[0]!.body.tracking_settings).toEqual({ click_tracking: { enable: false }, open_tracking: { enable: false } });
  });

  test('what is not confirmed is not sent', async () => {
    const confirm = async () => Promise.reject(new Error('another sends it'));
    await expect(openSendGrid(url, 'SG.secret', testClock())(mail, { ...handover, confirm })).rejects.toThrow('another sends it');
    expect(requests).toEqual([]);
  });
});

describe('notify by SendGrid', () => {
  let lab: Lab;
  let notify: RunningFunction;
  beforeAll(async () => {
    lab = await openLab();
    notify = await startFunction('notify', {
      ...lab.environment,
      MAIL_TRANSPORT: 'sendgrid',
      SENDGRID_API_KEY: 'SG.secret',
      SENDGRID_URL: url,
      MAIL_FROM: 'Darkroom <lab@example.org>',
      MAIL_REPLY_TO: 'help@example.org',
      PUBLIC_URL: 'http://photos.example.org',
    });
  });
  afterAll(async () => {
    expect(notify.output()).not.toMatch(/SG\.secret|person@/);
    await notify.stop();
    await lab.close();
  });

  test('the request is what the API asks for', async () => {
    const job = await printed(lab);
    expect((await notify.deliver(lastPrint(job))).reply?.type).toBe(eventType.jobCompleted);
    const [{ path, key, body }] = requests as [(typeof requests)[0]];
    expect([path, key]).toEqual(['/v3/mail/send', 'Bearer SG.secret']);
    expect(body.from).toEqual({ email: 'lab@example.org', name: 'Darkroom' });
    expect(body.reply_to).toEqual({ email: 'help@example.org' });
    expect(body.personalizations.map(({ to }) => to)).toEqual([[{ email: 'person@example.com' }]]);
    expect(body.subject).toBe('Your print is ready');
    expect(body.content.map(({ type }) => type)).toEqual(['text/plain', 'text/html']);
    expect(body.headers).toEqual({
      'Auto-Submitted': 'auto-generated',
      'X-Auto-Response-Suppress': 'All',
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
    replies = [{ status: 413 }];
    expect((await notify.deliver(lastPrint(job))).reply?.type).toBe(eventType.jobCompleted);
    expect(requests.map(({ body }) => body.attachments?.length ?? 0)).toEqual([1, 0]);
    expect(await completionOf(lab, job)).toMatchObject({ mail: 'sent' });
  });

  test('Retry-After is waited for, whoever asks', async () => {
    const job = await printed(lab);
    replies = [{ status: 429, headers: { 'retry-after': '90' } }];
    for (let asked = 0; asked < 4; asked += 1) expect((await notify.deliver(lastPrint(job))).status).toBe(204);
    await age(lab, job, 80);
    expect((await notify.deliver(lastPrint(job))).status).toBe(204);
    expect(requests).toHaveLength(1);
    await age(lab, job, 10);
    expect((await notify.deliver(lastPrint(job))).reply?.type).toBe(eventType.jobCompleted);
    expect(requests).toHaveLength(2);
  });

  test('a 5xx is passing: the broker tries again, and the job completes', async () => {
    const job = await printed(lab);
    replies = [{ status: 503 }];
    expect((await notify.deliver(lastPrint(job))).status).toBe(500);
    expect((await notify.deliver(lastPrint(job))).reply?.type).toBe(eventType.jobCompleted);
    expect(requests).toHaveLength(2);
  });

  test("a wrong key is the operator's fault: the job stays open, and its mail goes out once it is mended", async () => {
    const job = await printed(lab);
    replies = [{ status: 401 }];
    expect((await notify.deliver(lastPrint(job))).status).toBe(204);
    expect(notify.output()).toContain('MAIL SETTINGS DO NOT WORK');
    await age(lab, job, 60);
    expect((await notify.deliver(lastPrint(job))).reply?.type).toBe(eventType.jobCompleted);
  });

  test('an address that is refused ends the job', async () => {
    const job = await printed(lab);
    replies = [{ status: 400, fields: ['personalizations.0.to.0.email'] }];
    expect((await notify.deliver(lastPrint(job))).reply?.type).toBe(eventType.jobCompleted);
    expect(await completionOf(lab, job)).toMatchObject({ mail: 'failed' });
  });
});
