import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { testClock } from '../../../packages/shared/test/support/clock.ts';
import type { Mail } from '../src/mail.ts';
import { openSendGrid } from '../src/sendgrid.ts';
import { type Reply, type SendGridServer, startSendGrid } from './sendgrid-server.ts';

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
    server.replies = [reply];
    const actual = await openSendGrid(server.url, 'SG.secret', testClock())(mail, handover);
    expect(actual).toMatchObject(outcome);
    expect('retryAfterSeconds' in actual).toBe('retryAfterSeconds' in outcome);
    expect(JSON.stringify(actual)).not.toMatch(/person|secret/);
  });

  test('a server that is away has been sent nothing', async () => {
    const away = openSendGrid('http://127.0.0.1:1/', 'SG.secret', testClock());
    expect(await away(mail, handover)).toEqual({ kind: 'busy', answer: 'SendGrid answered ECONNREFUSED' });
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
