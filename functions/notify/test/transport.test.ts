import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { testClock } from '../../../packages/shared/test/support/clock.ts';
import type { Mail } from '../src/mail.ts';
import type { Settings } from '../src/settings.ts';
import { openTransport } from '../src/transport.ts';
import { type MailServer, startMailServer } from './mail-server.ts';
import { type SendGridServer, startSendGrid } from './sendgrid-server.ts';

let server: MailServer;
let api: SendGridServer;
beforeAll(async () => {
  [server, api] = await Promise.all([startMailServer(), startSendGrid()]);
});
beforeEach(() => {
  server.mails = [];
  server.commands = [];
  api.requests = [];
});
afterAll(() => Promise.all([server.close(), api.close()]));

const mail: Mail = {
  from: 'Darkroom <lab@example.org>',
  to: 'person@example.com',
  subject: 'Your print is ready',
  text: 'Your print is ready.',
  html: '<p>Your print is ready.</p>',
  messageId: '<1@example.org>',
  headers: {},
  attachments: [],
};
const handover = { signal: new AbortController().signal, confirm: async () => {} };
const open = (changes: Partial<Settings> = {}) =>
  openTransport({ MAIL_TRANSPORT: 'smtp', SENDGRID_URL: api.url, ...changes }, testClock());

test('mails go where MAIL_TRANSPORT says', async () => {
  const both = { SMTP_URL: server.url, SENDGRID_API_KEY: 'SG.secret' };
  expect(await open({ ...both, MAIL_TRANSPORT: 'sendgrid' })(mail, handover)).toEqual({ kind: 'sent' });
  expect([server.mails.length, api.requests.length]).toEqual([0, 1]);
  expect(await open(both)(mail, handover)).toEqual({ kind: 'sent' });
  expect([server.mails.length, api.requests.length]).toEqual([1, 1]);
});

test.each<[Partial<Settings>, string]>([
  [{}, 'SMTP_URL is missing. Set it, or MAIL_TRANSPORT=sendgrid, and start again.'],
  [{ SENDGRID_API_KEY: 'SG.secret' }, 'SMTP_URL is missing'],
  [{ MAIL_TRANSPORT: 'sendgrid', SMTP_URL: 'smtp://127.0.0.1' }, 'needs SENDGRID_API_KEY. Set it and start again.'],
])('with the settings %j it does not start, and says what is missing', (settings, words) => {
  expect(() => open(settings)).toThrow(words);
});

test('one connection serves the mails that follow each other', async () => {
  const send = open({ SMTP_URL: server.url });
  for (let count = 0; count < 3; count += 1) expect(await send(mail, handover)).toEqual({ kind: 'sent' });
  expect(server.mails).toHaveLength(3);
  expect(server.commands.filter((line) => line.startsWith('EHLO'))).toHaveLength(1);
});

test.each([
  'a@b.com, v@x.com',
  'a@b.com\r\nBcc: v@x.com',
  '"a@b.com" <v@x.com>',
  'a@b.com;v@x.com',
  '@b.com',
  'a@b.com, v@müller.de',
  'üser@example.com',
])('never mails to %j', async (to) => {
  expect(await open({ SMTP_URL: server.url })({ ...mail, to }, handover)).toEqual({
    kind: 'addressRefused',
    answer: 'not one plain e-mail address',
  });
  expect(server.commands).toEqual([]);
});

test.each([
  ['user@müller.de', 'user@xn--mller-kva.de'],
  ['info@почта.рф', 'info@xn--80a1acny.xn--p1ai'],
  ['User.Name+x@example.com', 'User.Name+x@example.com'],
])('mails to %s as %s', async (to, recipient) => {
  expect(await open({ SMTP_URL: server.url })({ ...mail, to }, handover)).toEqual({ kind: 'sent' });
  expect(server.commands.filter((line) => line.startsWith('RCPT'))).toEqual([`RCPT TO:<${recipient}>`]);
});
