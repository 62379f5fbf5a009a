import { randomBytes } from 'node:crypto';
import { getEventListeners, once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { testClock } from '../../../packages/shared/test/support/clock.ts';
import { finalAnswerSeconds, openSmtp } from '../src/smtp.ts';
import type { Handover } from '../src/handover.ts';
import type { Mail } from '../src/mail.ts';
import { type MailServer, type Script, startMailServer } from './mail-server.ts';
import { attachment } from './support.ts';

const mail: Mail = {
  from: 'Darkroom <lab@example.org>',
  to: 'person@example.com',
  subject: 'Your print is ready',
  text: 'Your print is ready.\n',
  html: '<p>Your print is ready.</p>',
  messageId: '<1@example.org>',
  headers: { 'Auto-Submitted': 'auto-generated' },
  attachments: [],
};
const minutes = 60_000;
const handover = (changes: Partial<Handover> = {}): Handover => ({
  signal: new AbortController().signal,
  confirm: async () => {},
  ...changes,
});
const noise = randomBytes(30_000);
const large = { ...mail, attachments: [attachment('a.bin', 'application/octet-stream', noise)] };

describe.each([{ pipelining: true }, { pipelining: false }])(
  'what each reply of the server means ($pipelining)',
  ({ pipelining }) => {
    let server: MailServer;
    beforeAll(async () => {
      server = await startMailServer({ pipelining });
    });
    beforeEach(() => {
      server.script = {};
      server.mails = [];
      server.commands = [];
    });
    afterAll(() => server.close());

    async function outcome(script: Script, sent = mail, url = server.url) {
      server.script = script;
      return openSmtp(url, testClock())(sent, handover());
    }

    test.each<[Script, string, string]>([
      [{ greeting: '554 No service for you' }, 'misconfigured', '554 at CONN'],
      [{ greeting: '421 Come later' }, 'busy', '421 at CONN'],
      [{ mail: '550 5.7.1 Sender refused' }, 'misconfigured', '550 5.7.1 at MAIL FROM'],
      [{ rcpt: '550 5.1.1 No such user' }, 'addressRefused', '550 5.1.1 at RCPT TO'],
      [{ rcpt: '450 4.2.0 Greylisted' }, 'busy', '450 4.2.0 at RCPT TO'],
      [{ afterData: '451 4.3.0 Later' }, 'busy', '451 4.3.0 at the end of DATA'],
      [{ afterData: '554 5.7.1 Refused' }, 'contentRefused', '554 5.7.1 at the end of DATA'],
      [{ afterData: '550 5.7.26 Unauthenticated' }, 'misconfigured', '550 5.7.26 at the end of DATA'],
      [{ ehlo: '554 Not you' }, 'misconfigured', '554 at HELO'],
      [{ afterData: '400 Later' }, 'busy', '400 at the end of DATA'],
      [{ afterData: '354 Go on' }, 'unsure', 'EMESSAGE at the end of DATA'],
      [{ drop: true }, 'unsure', 'ECONNECTION at the end of DATA'],
    ])('%j: %s', async (script, kind, answer) => {
      expect(await outcome(script)).toEqual({ kind, answer });
    });

    test('a server that refuses DATA itself', async () => {
      expect(await outcome({ data: '554 5.5.1 No valid recipients' })).toEqual({
        kind: 'addressRefused',
        answer: '554 5.5.1 at DATA',
      });
      expect(await outcome({ data: '503 Bad sequence' })).toEqual({ kind: 'busy', answer: '503 at DATA' });
      expect(server.mails).toEqual([]);
    });

    test('a password that is refused, and one that cannot be checked now', async () => {
      expect(await outcome({ auth: '535 5.7.8 robot, your password is wrong' }, mail, server.urlWithPassword)).toMatchObject({
        kind: 'misconfigured',
        answer: expect.stringMatching(/^535 5\.7\.8 at AUTH \w+$/) as string,
      });
      expect(await outcome({ auth: '454 4.7.0 Later' }, mail, server.urlWithPassword)).toMatchObject({ kind: 'busy' });
      expect(await outcome({}, mail, server.urlWithPassword)).toEqual({ kind: 'sent' });
    });

    test('a user without a password is a fault of the settings', async () => {
      const url = server.url.replace('//', '//robot@');
      expect(await outcome({}, mail, url)).toMatchObject({
        kind: 'misconfigured',
        answer: expect.stringMatching(/^EAUTH/) as string,
      });
    });

    test('a mail above the SIZE of the server is not even begun, and one below it declares its size', async () => {
      expect(await outcome({ size: 40_000 }, large)).toEqual({
        kind: 'contentRefused',
        answer: 'larger than the SIZE of the server',
      });
      expect(server.commands.filter((line) => line.startsWith('MAIL'))).toEqual([]);
      expect(await outcome({ size: 50_000 }, large)).toEqual({ kind: 'sent' });
      const declared = Number(/SIZE=(\d+)/.exec(server.commands.find((line) => line.startsWith('MAIL'))!)?.[1]);
      // The line break before the last dot is the protocol's.
      expect(server.mails[0]!.bytes - declared).toBeLessThanOrEqual(2);
      expect(server.mails[0]!.bytes).toBeGreaterThanOrEqual(declared);
      expect(Buffer.from(server.mails[0]!.email.attachments[0]!.content as ArrayBuffer).equals(noise)).toBe(true);
    });
  },
);

describe('the last moment before a mail is out of hand', () => {
  const lost = new Error('lost');
  let server: MailServer;
  beforeAll(async () => {
    server = await startMailServer();
  });
  beforeEach(() => {
    server.script = {};
    server.mails = [];
  });
  afterAll(() => server.close());

  test.each([
    ['small', mail],
    ['large', large],
  ])('a %s mail that is not confirmed never ends, and so never arrives', async (_size, sent) => {
    const taken = new Error('another sends it');
    const confirm = async () => Promise.reject(taken);
    await expect(openSmtp(server.url, testClock())(sent, handover({ confirm }))).rejects.toBe(taken);
    expect(await openSmtp(server.url, testClock())(mail, handover())).toEqual({ kind: 'sent' });
    expect(server.mails).toHaveLength(1);
  });

  test('a mail whose attachment the store cannot give to its end never ends, and nobody blames the mail server', async () => {
    const broken = new Error('the disk is gone');
    const [file] = large.attachments;
    async function* read() {
      yield noise.subarray(0, 20_000);
      throw broken;
    }
    const confirm = vi.fn(async () => {});
    const sending = openSmtp(server.url, testClock())({ ...mail, attachments: [{ ...file!, read }] }, handover({ confirm }));
    await expect(sending).rejects.toBe(broken);
    expect(confirm).not.toHaveBeenCalled();
    expect(server.mails).toEqual([]);
  });

  test('several attachments arrive whole, each in its place', async () => {
    const contents = [noise, Buffer.alloc(0), Buffer.from('a print')];
    const attachments = contents.map((content, index) => attachment(`${index}.jpg`, 'image/jpeg', content));
    // Dots that begin a line are doubled on the way.
    const text = '.\n..\n.hidden\n';
    expect(await openSmtp(server.url, testClock())({ ...mail, text, attachments }, handover())).toEqual({ kind: 'sent' });
    const { email } = server.mails[0]!;
    expect(email.text?.trim()).toBe(text.trim());
    expect(email.attachments.map(({ filename }) => filename)).toEqual(['0.jpg', '1.jpg', '2.jpg']);
    for (const [index, content] of contents.entries())
      expect(Buffer.from(email.attachments[index]!.content as ArrayBuffer).equals(content)).toBe(true);
  });

  test('mails of several megabytes arrive whole, side by side, however late the server reads them', async () => {
    const send = openSmtp(server.url, testClock());
    const contents = Array.from({ length: 4 }, () => randomBytes(5_000_000));
    // Several rounds: memory of the first is used again.
    for (let round = 0; round < 3; round += 1) {
      server.mails = [];
      const release = Promise.withResolvers<void>();
      server.script = { duringData: () => release.promise };
      const sending = contents.map((content, index) =>
        send({ ...mail, attachments: [attachment(`${index}`, 'image/jpeg', content, 256 * 1024)] }, handover()),
      );
      setTimeout(release.resolve, 50);
      expect(await Promise.all(sending)).toEqual(contents.map(() => ({ kind: 'sent' })));
      expect(server.mails).toHaveLength(contents.length);
      for (const { email } of server.mails) {
        const [file] = email.attachments;
        expect(Buffer.from(file!.content as ArrayBuffer).equals(contents[Number(file!.filename)]!)).toBe(true);
      }
    }
  });

  test('what the HTML shows is a part of it, and is not attached', async () => {
    const shown = { ...attachment('print.jpg', 'image/jpeg', noise), cid: 'cover@example.org' };
    const file = attachment('a.zip', 'application/zip', Buffer.from('PK'));
    const html = '<img src="cid:cover@example.org" alt="">';
    expect(await openSmtp(server.url, testClock())({ ...mail, html, attachments: [shown, file] }, handover())).toEqual({
      kind: 'sent',
    });
    const { email, source } = server.mails[0]!;
    expect(email.attachments).toMatchObject([
      { filename: 'print.jpg', mimeType: 'image/jpeg', disposition: 'inline', contentId: '<cover@example.org>', related: true },
      { filename: 'a.zip', disposition: 'attachment' },
    ]);
    expect(Buffer.from(email.attachments[0]!.content as ArrayBuffer).equals(noise)).toBe(true);
    // Whoever reads plain text gets neither.
    expect([...source.matchAll(/^Content-Type: ([\w/]+)/gm)].map(([, type]) => type)).toEqual([
      'multipart/mixed',
      'multipart/alternative',
      'text/plain',
      'multipart/related',
      'text/html',
      'image/jpeg',
      'application/zip',
    ]);
  });

  test('it comes when the server has asked for the mail, and not before', async () => {
    const { promise: hold, resolve } = Promise.withResolvers<void>();
    server.script = { holdRecipient: hold };
    const confirm = vi.fn(async () => {});
    const sending = openSmtp(server.url, testClock())(mail, handover({ confirm }));
    await expect.poll(() => server.commands.some((line) => line.startsWith('RCPT'))).toBe(true);
    expect(confirm).not.toHaveBeenCalled();
    resolve();
    expect(await sending).toEqual({ kind: 'sent' });
    expect(confirm).toHaveBeenCalledTimes(1);
  });

  test('a mail that takes long to upload is in our hands until all but its end was taken', async () => {
    // More than the buffers of the system between two processes hold.
    const huge = attachment('a.bin', 'application/octet-stream', Buffer.alloc(20_000_000));
    const clock = testClock();
    const losing = new AbortController();
    for (const end of ['lock lost', 'too slow']) {
      const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
      server.script.duringData = () => {
        begin();
        return new Promise(() => {});
      };
      const confirm = vi.fn(async () => {});
      const changes = end === 'lock lost' ? { signal: losing.signal } : {};
      const sending = openSmtp(server.url, clock)({ ...mail, attachments: [huge] }, handover({ confirm, ...changes }));
      await begun;
      if (end === 'lock lost') losing.abort(lost);
      else await clock.advance(5 * minutes);
      if (end === 'lock lost') await expect(sending).rejects.toBe(lost);
      else expect(await sending).toEqual({ kind: 'busy', answer: 'EABORT at DATA' });
      expect(confirm).not.toHaveBeenCalled();
    }
    expect(server.mails).toEqual([]);
  });

  test('until then whoever lost the lock hangs up; afterwards it waits for the answer', async () => {
    const losing = new AbortController();
    server.script = { holdRecipient: new Promise(() => {}) };
    const before = openSmtp(server.url, testClock())(mail, handover({ signal: losing.signal }));
    await expect.poll(() => server.commands.filter((line) => line.startsWith('RCPT')).length).toBeGreaterThan(0);
    losing.abort(lost);
    await expect(before).rejects.toBe(lost);
    expect(server.mails).toEqual([]);

    const losingLate = new AbortController();
    const { promise: hold, resolve } = Promise.withResolvers<void>();
    server.script = { hold };
    const after = openSmtp(server.url, testClock())(mail, handover({ signal: losingLate.signal }));
    await expect.poll(() => server.mails.length).toBe(1);
    losingLate.abort(new Error('lost'));
    resolve();
    expect(await after).toEqual({ kind: 'sent' });
  });
});

test('ten mails at once do not wait for each other', async () => {
  const server = await startMailServer();
  const { promise: hold, resolve } = Promise.withResolvers<void>();
  server.script = { hold };
  const send = openSmtp(server.url, testClock());
  const sending = Array.from({ length: 10 }, () => send(mail, handover()));
  await expect.poll(() => server.mails.length).toBe(10);
  resolve();
  for (const outcome of await Promise.all(sending)) expect(outcome).toEqual({ kind: 'sent' });
  // Ten connections are open, and serve what follows.
  expect(await send(mail, handover())).toEqual({ kind: 'sent' });
  expect(server.commands.filter((line) => line.startsWith('EHLO'))).toHaveLength(10);
  expect(server.mails[0]!.email).toMatchObject({
    from: { name: 'Darkroom', address: 'lab@example.org' },
    to: [{ name: '', address: 'person@example.com' }],
    subject: 'Your print is ready',
    messageId: '<1@example.org>',
  });
  await server.close();
});

test.each(['file', 'page'])('no mail can be made to contain a %s of this machine', async (kind) => {
  const server = await startMailServer();
  const page = createHttpServer((_request, response) => response.end('secret')).listen(0, '127.0.0.1');
  await once(page, 'listening');
  const href = `http://127.0.0.1:${(page.address() as AddressInfo).port}/`;
  const html = (kind === 'file' ? { path: import.meta.filename } : { href }) as unknown as string;
  expect(await openSmtp(server.url, testClock())({ ...mail, html }, handover())).toMatchObject({ kind: 'busy' });
  expect(server.mails).toEqual([]);
  page.close();
  await server.close();
});

test('a server that is down has been sent nothing', async () => {
  expect(await openSmtp('smtp://127.0.0.1:1', testClock())(mail, handover())).toEqual({
    kind: 'busy',
    answer: 'ECONNREFUSED at CONN',
  });
});

describe('time', () => {
  test('a server may take almost five minutes to ask for a mail', async () => {
    const server = await startMailServer();
    const { promise: holdRecipient, resolve } = Promise.withResolvers<void>();
    server.script = { holdRecipient };
    const clock = testClock();
    const sending = openSmtp(server.url, clock)(mail, handover());
    await expect.poll(() => server.commands.some((line) => line.startsWith('RCPT'))).toBe(true);
    await clock.advance(5 * minutes - 1);
    resolve();
    expect(await sending).toEqual({ kind: 'sent' });
    await server.close();
  });

  test.each<[string, Script]>([
    ['sent', {}],
    ['busy', { rcpt: '450 4.2.0 Greylisted' }],
  ])('after a mail that was %s nothing waits for a time limit, or for the loss of a lock', async (kind, script) => {
    const server = await startMailServer();
    server.script = script;
    const clock = testClock();
    const sleep = vi.spyOn(clock, 'sleep');
    const { signal } = new AbortController();
    expect(await openSmtp(server.url, clock)(mail, handover({ signal }))).toMatchObject({ kind });
    expect(sleep).toHaveBeenCalled();
    expect(sleep.mock.calls.every(([, bound]) => bound?.aborted)).toBe(true);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
    await server.close();
  });

  test('a server that says nothing is given up on after the time that a dialogue may take, with nothing sent', async () => {
    const silent = createServer(() => undefined).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const clock = testClock();
    const sending = openSmtp(`smtp://127.0.0.1:${(silent.address() as AddressInfo).port}`, clock)(mail, handover());
    await clock.advance(5 * minutes);
    expect(await sending).toEqual({ kind: 'busy', answer: 'EABORT at CONN' });
    silent.close();
  });

  test('the final answer may take ten minutes; after that nobody knows', async () => {
    const server = await startMailServer();
    const { promise: hold, resolve } = Promise.withResolvers<void>();
    server.script = { hold };
    for (const [seconds, expected] of [
      [finalAnswerSeconds - 1, { kind: 'sent' }],
      [finalAnswerSeconds, { kind: 'unsure', answer: 'EABORT at the end of DATA' }],
    ] as const) {
      server.mails = [];
      const clock = testClock();
      const sending = openSmtp(server.url, clock)(mail, handover());
      await expect.poll(() => server.mails.length).toBe(1);
      await clock.advance(seconds * 1000);
      if (seconds < finalAnswerSeconds) resolve();
      expect(await sending).toEqual(expected);
      server.script = { hold: new Promise(() => {}) };
    }
    await server.close();
  });
});
