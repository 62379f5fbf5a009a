import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { testClock } from '../../../packages/shared/test/support/clock.ts';
import type { Mail } from '../src/mail.ts';
import { answerSeconds, openSendGrid } from '../src/sendgrid.ts';
import { type Reply, type SendGridServer, startSendGrid } from './sendgrid-server.ts';
import { attachment } from './support.ts';

let server: SendGridServer;
beforeAll(async () => {
  server = await startSendGrid();
});
beforeEach(() => {
  server.requests = [];
  server.replies = [];
});
afterAll(() => server.close());

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
    [
      { status: 400, fields: ['from.email'] },
      { kind: 'misconfigured', answer: 'SendGrid answered 400: the sender' },
    ],
    [{ status: 413 }, { kind: 'contentRefused' }],
    [
      { status: 429, headers: { 'retry-after': '120' } },
      { kind: 'busy', retryAfterSeconds: 120 },
    ],
    [
      { status: 0, drop: true },
      { kind: 'unsure', answer: 'SendGrid answered ECONNRESET' },
    ],
  ])('%j: %j', async (reply, outcome) => {
    server.replies = [reply];
    const actual = await openSendGrid(server.url, 'SG.secret', testClock())(mail, handover);
    expect(actual).toMatchObject(outcome);
    expect('retryAfterSeconds' in actual).toBe('retryAfterSeconds' in outcome);
    expect(JSON.stringify(actual)).not.toMatch(/person|secret/);
  });

  test('a server that is down has been sent nothing', async () => {
    const away = openSendGrid('http://127.0.0.1:1/', 'SG.secret', testClock());
    expect(await away(mail, handover)).toEqual({ kind: 'busy', answer: 'SendGrid answered ECONNREFUSED' });
  });

  test.each([
    [answerSeconds * 1000 - 1, { kind: 'sent' }],
    [answerSeconds * 1000, { kind: 'unsure', answer: 'SendGrid answered ETIMEDOUT' }],
  ])('an answer that is not complete after %i ms', async (ms, outcome) => {
    const { promise: hold, resolve } = Promise.withResolvers<void>();
    server.replies = [{ status: 202, hold }];
    const clock = testClock();
    const sending = openSendGrid(server.url, 'SG.secret', clock)(mail, handover);
    await expect.poll(() => server.requests.length).toBe(1);
    await clock.advance(ms);
    if (outcome.kind === 'sent') resolve();
    expect(await sending).toEqual(outcome);
    resolve();
  });

  test('once the answer is there, nothing waits for its time limit any longer', async () => {
    const clock = testClock();
    const sleep = vi.spyOn(clock, 'sleep');
    await openSendGrid(server.url, 'SG.secret', clock)(mail, handover);
    expect(sleep.mock.calls.map(([, signal]) => signal?.aborted)).toEqual([true]);
  });

  test('a mail that the library itself refuses is our fault', async () => {
    const send = openSendGrid(server.url, 'SG.secret', testClock());
    expect(await send({ ...mail, subject: 5 as unknown as string }, handover)).toMatchObject({ kind: 'misconfigured' });
    expect(server.requests).toEqual([]);
  });

  test('the mail arrives whole: Message-ID, headers, replies and attachments', async () => {
    const whole = {
      ...mail,
      replyTo: 'help@example.org',
      headers: { 'Auto-Submitted': 'auto-generated' },
      attachments: [
        { ...attachment('print.jpg', 'image/jpeg', Buffer.from([1])), cid: 'cover@example.org' },
        attachment('a.jpg', 'image/jpeg', Buffer.from([0, 255, 1])),
      ],
    };
    expect(await openSendGrid(server.url, 'SG.secret', testClock())(whole, handover)).toEqual({ kind: 'sent' });
    expect(server.requests).toMatchObject([
      {
        path: '/v3/mail/send',
        key: 'Bearer SG.secret',
        body: {
          from: { email: 'lab@example.org' },
          reply_to: { email: 'help@example.org' },
          personalizations: [{ to: [{ email: 'person@example.com' }] }],
          headers: { 'Auto-Submitted': 'auto-generated', 'Message-ID': '<1@example.org>' },
          attachments: [
            {
              filename: 'print.jpg',
              type: 'image/jpeg',
              content: 'AQ==',
              disposition: 'inline',
              content_id: 'cover@example.org',
            },
            { filename: 'a.jpg', type: 'image/jpeg', content: 'AP8B', disposition: 'attachment' },
          ],
        },
      },
    ]);
  });

  test('no tracker learns who opens which link', async () => {
    await openSendGrid(server.url, 'SG.secret', testClock())(mail, handover);
    expect(server.requests[0]!.body.tracking_settings).toEqual({
      click_tracking: { enable: false },
      open_tracking: { enable: false },
    });
  });

  test('what is not confirmed is not sent', async () => {
    const confirm = async () => Promise.reject(new Error('another sends it'));
    await expect(openSendGrid(server.url, 'SG.secret', testClock())(mail, { ...handover, confirm })).rejects.toThrow(
      'another sends it',
    );
    expect(server.requests).toEqual([]);
  });
});
