import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Receiver, startReceiver } from '../../../../functions/webhook/test/receiver.ts';
import { photo } from '../../../shared/test/support/lab.ts';
import { type Darkroom, openDarkroom, type Status } from './darkroom.ts';

let receiver: Receiver;
let darkroom: Darkroom;
beforeAll(async () => {
  receiver = await startReceiver();
  darkroom = await openDarkroom({ WEBHOOKS: 'http', WEBHOOK_NETWORKS: '127.0.0.1/32', WEBHOOK_RETRY: '1' });
});
beforeEach(() => {
  receiver.calls = [];
});
afterAll(async () => {
  await darkroom.close();
  await receiver.close();
});

async function post(): Promise<string> {
  const fields = { notify_url: `${receiver.url}/hook` };
  const answer = await darkroom.post([{ name: 'a.jpg', bytes: await photo() }], { tag: 'v2', fields });
  expect(answer.status).toBe(202);
  return ((await answer.json()) as Status).job;
}

const webhookOf = async (job: string) => {
  const answer = await fetch(`${darkroom.url}/jobs/${job}`).catch(() => undefined);
  return answer && ((await answer.json()) as { webhook?: object }).webhook;
};

test('a program hears of the end of its job, signed with the secret of the data folder', async () => {
  receiver.behaviour = (_call, response) => response.writeHead(receiver.calls.length === 1 ? 503 : 204).end();
  const job = await post();
  await expect.poll(() => webhookOf(job)).toEqual({ status: 'delivered' });
  expect(receiver.calls).toHaveLength(2);
  const secret = (await readFile(join(darkroom.folder, 'data/webhook-secret'), 'utf8')).trim();
  for (const { body, headers } of receiver.calls)
    expect(new Webhook(secret).verify(body, headers as Record<string, string>)).toMatchObject({
      type: 'job.completed',
      data: { job, status: 'completed', links: { self: `${darkroom.url}/jobs/${job}` } },
    });
  expect(await darkroom.mailsOf(job)).toHaveLength(1);
  expect(darkroom.output()).not.toMatch(/whsec_|\/hook/);
});

test('a webhook that could not be delivered is, after everything was killed and started again', async () => {
  receiver.behaviour = (_call, response) => response.writeHead(503).end();
  const job = await post();
  // The broker has given it up.
  await expect.poll(() => receiver.calls.length).toBe(4);
  await darkroom.end('SIGKILL');
  receiver.behaviour = (_call, response) => response.writeHead(204).end();
  await darkroom.start();
  await expect.poll(() => webhookOf(job)).toEqual({ status: 'delivered' });
  expect(receiver.calls).toHaveLength(5);
  expect(new Set(receiver.calls.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
});
