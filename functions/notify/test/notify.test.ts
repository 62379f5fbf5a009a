import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { archiveCreated, eventType, filterFinished } from '@darkroom/shared/events';
import type { Job } from '@darkroom/shared/job';
import { keys } from '@darkroom/shared/job/keys';
import { json, readJson } from '@darkroom/shared/store';
import PostalMime, { type Email } from 'postal-mime';
import { SMTPServer } from 'smtp-server';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type RunningFunction, startFunction } from '../../../packages/shared/test/support/function.ts';
import { type Lab, openLab, photo } from '../../../packages/shared/test/support/lab.ts';

let lab: Lab;
beforeAll(async () => {
  lab = await openLab();
});
afterAll(() => lab.close());

/** A job of v1 whose only print is done. */
async function printed(changes: Partial<Job> & { names?: string[] } = {}): Promise<Job> {
  const job = await lab.accept({ filters: ['grayscale'], archive: false, ...changes });
  for (const image of job.images) await lab.store.write(keys.print(job, image, 'grayscale'), await photo());
  return job;
}
const lastPrint = (job: Job) => filterFinished(job, '1', 'grayscale', 'succeeded');

describe('by SMTP', () => {
  let server: SMTPServer;
  let notify: RunningFunction;
  let mails: { to: string[]; email: Email }[] = [];
  async function take(stream: AsyncIterable<unknown>, to: string[]) {
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    if (refuse?.at === 'data') throw Object.assign(new Error('busy'), { responseCode: refuse.code });
    mails.push({ to, email: await PostalMime.parse(Buffer.concat(chunks)) });
  }
  let refuse: { at: 'rcpt' | 'data'; code: number } | undefined;

  beforeAll(async () => {
    server = new SMTPServer({
      authOptional: true,
      disabledCommands: ['STARTTLS'],
      onRcptTo(_address, _session, done) {
        done(refuse?.at === 'rcpt' ? Object.assign(new Error('refused'), { responseCode: refuse.code }) : undefined);
      },
      onData(stream, { envelope }, done) {
        take(
          stream,
          envelope.rcptTo.map(({ address }) => address),
        ).then(
          () => done(),
          (error: Error) => done(error),
        );
      },
    });
    server.listen(0, '127.0.0.1');
    await once(server.server, 'listening');
    const { port } = server.server.address() as AddressInfo;
    notify = await startFunction('notify', {
      ...lab.environment,
      SMTP_URL: `smtp://127.0.0.1:${port}`,
      MAIL_FROM: 'Darkroom <lab@example.org>',
      PUBLIC_URL: 'http://photos.example.org',
      MAIL_ATTACH_MAX: '20000',
    });
  });
  beforeEach(() => {
    mails = [];
    refuse = undefined;
  });
  afterAll(async () => {
    await notify.stop();
    await new Promise<void>((done) => server.close(done));
  });

  test('mails the prints once, completes the job and says so', async () => {
    const job = await printed();
    const { reply } = await notify.deliver(lastPrint(job));
    expect(reply).toMatchObject({ type: eventType.jobCompleted, job: job.job, outcome: 'completed' });
    expect(mails).toHaveLength(1);
    const [{ to, email }] = mails as [(typeof mails)[0]];
    expect(to).toEqual(['person@example.com']);
    expect(email.messageId).toBe(`<${job.job}@example.org>`);
    expect(email.attachments.map(({ filename, mimeType }) => [filename, mimeType])).toEqual([
      ['photo-grayscale.jpg', 'image/jpeg'],
    ]);
    expect(Buffer.from(email.attachments[0]!.content as ArrayBuffer).equals(await photo())).toBe(true);
    expect(email.text).toContain(`http://photos.example.org/?job=${job.job}`);
    expect(await readJson(lab.store, keys.completed(job.job))).toMatchObject({ status: 'completed', mail: 'sent' });
    expect(await lab.store.stat(keys.open(job.job))).toBeUndefined();
    expect(await lab.store.stat(keys.mailLease(job.job))).toBeUndefined();

    expect((await notify.deliver(lastPrint(job))).reply?.type).toBe(eventType.jobCompleted);
    expect(mails).toHaveLength(1);
  });

  test('waits while a print or the archive is missing', async () => {
    const unprinted = await lab.accept({ filters: ['grayscale'], archive: false });
    expect((await notify.deliver(lastPrint(unprinted))).status).toBe(204);
    const unpacked = await printed({ archive: true });
    expect((await notify.deliver(archiveCreated(unpacked.job))).status).toBe(204);
    expect(mails).toEqual([]);
  });

  test('attaches the archive, and only links when it is too large', async () => {
    for (const [bytes, attached] of [
      [20_000, 1],
      [20_001, 0],
    ] as const) {
      mails = [];
      const job = await printed({ archive: true });
      await lab.store.write(keys.archive(job.job), Buffer.alloc(bytes, 'x'));
      await notify.deliver(archiveCreated(job.job));
      expect(mails[0]?.email.attachments).toHaveLength(attached);
      expect(mails[0]?.email.html).toContain(`http://photos.example.org/?job=${job.job}`);
    }
  });

  test('names what could not be made and why, and escapes what it quotes', async () => {
    const job = await lab.accept({ names: ['<b>x</b>.jpg'], filters: ['grayscale'], archive: false });
    await lab.store.write(keys.rejection(job.job, '1', 'grayscale'), json({ reason: 'The file is damaged.' }));
    const { reply } = await notify.deliver(lastPrint(job));
    expect(reply).toMatchObject({ outcome: 'failed' });
    expect(mails[0]?.email.subject).toBe('Your photos could not be developed');
    expect(mails[0]?.email.text).toContain('<b>x</b>.jpg, grayscale: The file is damaged.');
    expect(mails[0]?.email.html).not.toContain('<b>x</b>');
    expect(await readJson(lab.store, keys.completed(job.job))).toMatchObject({ status: 'failed', mail: 'sent' });
  });

  test('ten deliveries at once send one mail', async () => {
    const job = await printed();
    await Promise.all(Array.from({ length: 10 }, () => notify.deliver(lastPrint(job))));
    expect(mails).toHaveLength(1);
  });

  test('takes over the lease of a sender that died, and not of one at work', async () => {
    const job = await printed();
    await lab.store.write(keys.mailLease(job.job), json({ holder: 'other', until: Date.now() + 60_000 }));
    expect((await notify.deliver(lastPrint(job))).status).toBe(204);
    expect(mails).toHaveLength(0);
    await lab.store.write(keys.mailLease(job.job), json({ holder: 'other', until: Date.now() - 1 }));
    await notify.deliver(lastPrint(job));
    expect(mails).toHaveLength(1);
  });

  test('a mail server that is busy: 500, to be tried again, and then it works', async () => {
    const job = await printed();
    refuse = { at: 'data', code: 451 };
    expect((await notify.deliver(lastPrint(job))).status).toBe(500);
    expect(await lab.store.stat(keys.completed(job.job))).toBeUndefined();
    refuse = undefined;
    expect((await notify.deliver(lastPrint(job))).status).toBe(200);
    expect(mails).toHaveLength(1);
  });

  test('a fault before the mail gives the lease back, so that the next attempt is not kept waiting', async () => {
    const job = await printed();
    const place = keys.archiveRejection(job.job);
    await lab.store.write(place, Buffer.from('not JSON'));
    expect((await notify.deliver(lastPrint(job))).status).toBe(500);
    expect(await lab.store.stat(keys.mailLease(job.job))).toBeUndefined();
    await lab.store.remove(place);
    expect((await notify.deliver(lastPrint(job))).status).toBe(200);
    expect(mails).toHaveLength(1);
  });

  test('an address that does not exist ends the job all the same', async () => {
    const job = await printed();
    refuse = { at: 'rcpt', code: 550 };
    expect((await notify.deliver(lastPrint(job))).status).toBe(200);
    expect(await readJson(lab.store, keys.completed(job.job))).toMatchObject({ status: 'completed', mail: 'failed' });
  });

  test.each(['a@b.com, v@x.com', 'a@b.com\r\nBcc: v@x.com', '"a@b.com" <v@x.com>', 'a@b.com;v@x.com', '@b.com'])(
    'never mails to %j',
    async (email) => {
      const job = await printed({ email });
      await notify.deliver(lastPrint(job));
      expect(mails).toEqual([]);
      expect(await readJson(lab.store, keys.completed(job.job))).toMatchObject({ mail: 'failed' });
    },
  );
});

describe('by SendGrid, against a server that speaks its v3 API', () => {
  let server: Server;
  let notify: RunningFunction;
  let requests: { path: string | undefined; key: string | undefined; body: SendGridMail }[] = [];
  let answers: number[] = [];

  beforeAll(async () => {
    server = createServer((request, response) => {
      void readAll(request).then((text) => {
        requests.push({ path: request.url, key: request.headers.authorization, body: JSON.parse(text) as SendGridMail });
        const status = answers.shift() ?? 202;
        response.writeHead(status, { 'content-type': 'application/json' });
        response.end(status === 202 ? '' : JSON.stringify({ errors: [{ message: 'no', field: null, help: null }] }));
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    notify = await startFunction('notify', {
      ...lab.environment,
      MAIL_TRANSPORT: 'sendgrid',
      SENDGRID_API_KEY: 'SG.secret',
      SENDGRID_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
      MAIL_FROM: 'Darkroom <lab@example.org>',
      PUBLIC_URL: 'http://photos.example.org',
    });
  });
  beforeEach(() => {
    requests = [];
    answers = [];
  });
  afterAll(async () => {
    await notify.stop();
    server.close();
  });

  test('the request is what the API asks for', async () => {
    const job = await printed();
    expect((await notify.deliver(lastPrint(job))).reply?.type).toBe(eventType.jobCompleted);
    const [{ path, key, body }] = requests as [(typeof requests)[0]];
    expect([path, key]).toEqual(['/v3/mail/send', 'Bearer SG.secret']);
    expect(body.from).toEqual({ email: 'lab@example.org', name: 'Darkroom' });
    expect(body.personalizations.map(({ to }) => to)).toEqual([[{ email: 'person@example.com' }]]);
    expect(body.subject).toBe('Your print is ready');
    expect(body.content.map(({ type }) => type)).toEqual(['text/plain', 'text/html']);
    expect(body.attachments).toEqual([
      {
        filename: 'photo-grayscale.jpg',
        type: 'image/jpeg',
        disposition: 'attachment',
        content: (await photo()).toString('base64'),
      },
    ]);
  });

  test('a 5xx is passing: the broker tries again, and the job completes', async () => {
    const job = await printed();
    answers = [503];
    expect((await notify.deliver(lastPrint(job))).status).toBe(500);
    expect((await notify.deliver(lastPrint(job))).reply?.type).toBe(eventType.jobCompleted);
    expect(requests).toHaveLength(2);
    expect(notify.output()).not.toContain('SG.secret');
  });

  test('a 400 is final: the job ends, and the status says that the mail failed', async () => {
    const job = await printed();
    answers = [400];
    expect((await notify.deliver(lastPrint(job))).reply?.type).toBe(eventType.jobCompleted);
    expect(await readJson(lab.store, keys.completed(job.job))).toMatchObject({ mail: 'failed' });
  });
});

test('says what is missing in the settings, and does not start', async () => {
  await expect(
    startFunction('notify', { STORE_URL: 'file:/tmp/x', PUBLIC_URL: 'nonsense', MAIL_ATTACH_MAX: '-1' }),
  ).rejects.toThrow(/PUBLIC_URL: must be a URL.*MAIL_FROM is missing.*MAIL_ATTACH_MAX: must be a whole number/);
});

interface SendGridMail {
  from: object;
  personalizations: { to: object[] }[];
  subject: string;
  content: { type: string }[];
  attachments: object[];
}

async function readAll(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
