import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { photo } from '../../../shared/test/support/lab.ts';
import { type Darkroom, openDarkroom, type Status } from './darkroom.ts';

interface SendGridMail {
  personalizations: { to: { email: string }[] }[];
  content: { value: string }[];
  attachments: { filename: string; content: string; content_id?: string }[];
}

let api: Server;
let darkroom: Darkroom;
const mails: SendGridMail[] = [];
beforeAll(async () => {
  // SendGrid cannot be reached from a test; this speaks its v3 API, and is busy at first.
  api = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      mails.push(JSON.parse(Buffer.concat(chunks).toString()) as SendGridMail);
      response.writeHead(mails.length === 1 ? 503 : 202).end();
    });
  }).listen(0, '127.0.0.1');
  await once(api, 'listening');
  const SENDGRID_URL = `http://127.0.0.1:${(api.address() as AddressInfo).port}/`;
  darkroom = await openDarkroom({ MAIL_TRANSPORT: 'sendgrid', SENDGRID_API_KEY: 'SG.secret', SENDGRID_URL });
});
afterAll(async () => {
  await darkroom.close();
  api.close();
});

test('retries after a 503 from SendGrid, completes the job, and keeps the key out of the log', async () => {
  const answer = await darkroom.post([{ name: 'a.jpg', bytes: await photo() }], { tag: 'v2' });
  const { job } = (await answer.json()) as Status;
  expect(await darkroom.finished(job)).toMatchObject({ status: 'completed', mail: { status: 'sent' } });
  expect(mails).toHaveLength(2);
  expect(mails[1]!.personalizations[0]!.to[0]!.email).toBe('person@example.com');
  const [shown, archive] = mails[1]!.attachments;
  expect(shown).toMatchObject({ filename: 'print.jpg', disposition: 'inline' });
  expect(mails[1]!.content.at(-1)!.value).toContain(`<img src="cid:${shown!.content_id}"`);
  expect(archive!.filename).toBe('darkroom-prints.zip');
  expect(Buffer.from(archive!.content, 'base64').subarray(0, 2).toString()).toBe('PK');
  expect(darkroom.output()).not.toContain('SG.secret');
});
