import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { pingType } from '@darkroom/shared/events';
import { keys } from '@darkroom/shared/job/keys';
import { removeJob } from '@darkroom/shared/job/remove';
import { json } from '@darkroom/shared/store';
import { CloudEvent } from 'cloudevents';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type RunningFunction, startFunction } from '../../../packages/shared/test/support/function.ts';
import { type Lab, openLab } from '../../../packages/shared/test/support/lab.ts';
import { type NameServer, startNameServer } from './name-server.ts';
import { type Receiver, startReceiver } from './receiver.ts';
import { age, awaited, ended, endOf, environment, recordOf, secret, webhookEndOf } from './support.ts';

let lab: Lab;
let receiver: Receiver;
let nameServer: NameServer;
let webhook: RunningFunction;
beforeAll(async () => {
  lab = await openLab();
  nameServer = await startNameServer();
  receiver = await startReceiver();
  webhook = await startFunction('webhook', { ...environment(lab), WEBHOOK_DNS: nameServer.address });
});
beforeEach(() => {
  receiver.calls = [];
  receiver.behaviour = (_call, response) => response.writeHead(204).end();
});
afterAll(async () => {
  expect(webhook.output()).not.toMatch(/whsec_|hook-token/);
  await webhook.stop();
  await receiver.close();
  nameServer.close();
  await lab.close();
});

const ping = () =>
  webhook.deliver(new CloudEvent({ type: pingType, source: '/ping', datacontenttype: 'application/json', data: {} }));
const answer =
  (status: number, headers: Record<string, string> = {}): Receiver['behaviour'] =>
  (_call, response) =>
    response.writeHead(status, headers).end();

test('tells the target once, with a signature that a library of the standard verifies', async () => {
  const job = await ended(lab, `${receiver.url}/hook?hook-token=1`);
  expect(await webhook.deliver(endOf(job))).toMatchObject({ status: 204, reply: undefined });
  const [{ method, path, headers, body }] = receiver.calls as [Receiver['calls'][0]];
  expect([method, path, headers['content-type']]).toEqual(['POST', '/hook?hook-token=1', 'application/json']);
  const message = new Webhook(secret).verify(body, headers as Record<string, string>);
  expect(message).toEqual({
    type: 'job.completed',
    timestamp: '2026-07-01T12:00:00.000Z',
    data: {
      job: job.job,
      status: 'completed',
      links: {
        self: `https://photos.example.org/jobs/${job.job}`,
        page: `https://photos.example.org/?job=${job.job}`,
      },
    },
  });
  const other = `whsec_${Buffer.alloc(24).toString('base64')}`;
  expect(() => new Webhook(other).verify(body, headers as Record<string, string>)).toThrow('No matching signature');
  expect(await webhookEndOf(lab, job)).toEqual({ status: 'delivered' });
  expect(await recordOf(lab, job)).toBeUndefined();

  await webhook.deliver(endOf(job));
  // As a post that was sent again might leave it.
  await lab.store.write(keys.due(job.job), json({}));
  await webhook.deliver(endOf(job));
  expect(receiver.calls).toHaveLength(1);
  expect(await recordOf(lab, job)).toBeUndefined();
  expect(await webhook.metrics()).toMatch(/^darkroom_webhooks_total\{revision="ingest-v2",outcome="delivered"\} 1$/m);
});

test('a job without a webhook leaves nothing', async () => {
  const { job } = await lab.accept({ names: [] });
  const before = await lab.keys();
  expect((await webhook.deliver(endOf({ job } as never))).status).toBe(204);
  expect(await lab.keys()).toEqual(before);
});

test('ten deliveries at once make one call', async () => {
  const job = await ended(lab, receiver.url);
  await Promise.all(Array.from({ length: 10 }, () => webhook.deliver(endOf(job))));
  expect(receiver.calls).toHaveLength(1);
});

test('a target that fails: 500 to the broker three times, then a pause, all with the same id', async () => {
  const job = await ended(lab, receiver.url);
  receiver.behaviour = answer(503);
  const statuses: number[] = [];
  for (let count = 0; count < 5; count += 1) statuses.push((await webhook.deliver(endOf(job))).status);
  expect(statuses).toEqual([500, 500, 500, 204, 204]);
  expect(await recordOf(lab, job)).toEqual({ failures: 4, pauseSeconds: 300 });
  expect(receiver.calls).toHaveLength(4);

  await age(lab, job, 290);
  await ping();
  expect(receiver.calls).toHaveLength(4);
  await age(lab, job, 10);
  receiver.behaviour = answer(200);
  expect((await ping()).status).toBe(204);
  expect(receiver.calls).toHaveLength(5);
  expect(new Set(receiver.calls.map(({ headers }) => headers['webhook-id']))).toEqual(new Set([`msg_${job.job}`]));
  expect(await webhookEndOf(lab, job)).toEqual({ status: 'delivered' });
});

test('a webhook whose event was lost is found by a ping, and one whose job goes on waits', async () => {
  const lost = await ended(lab, receiver.url);
  const early = await awaited(lab, receiver.url);
  await ping();
  await webhook.deliver(endOf(early));
  expect(receiver.calls.map(({ headers }) => headers['webhook-id'])).toEqual([`msg_${lost.job}`]);
  expect(await recordOf(lab, early)).toEqual({});
  await removeJob(lab.store, early.job);
});

test.each([
  [410, { status: 'failed', reason: 'The webhook answered 410, that it is gone.' }, undefined],
  [302, undefined, { failures: 1, pauseSeconds: 0 }],
  [404, undefined, { failures: 1, pauseSeconds: 0 }],
])('an answer of %i', async (status, end, record) => {
  const job = await ended(lab, receiver.url);
  receiver.behaviour = answer(status, { location: `${receiver.url}/elsewhere` });
  await webhook.deliver(endOf(job));
  expect([await webhookEndOf(lab, job), await recordOf(lab, job)]).toEqual([end, record]);
  expect(receiver.calls).toHaveLength(1);
});

test('Retry-After is heeded', async () => {
  const job = await ended(lab, receiver.url);
  receiver.behaviour = answer(429, { 'retry-after': '4000' });
  expect((await webhook.deliver(endOf(job))).status).toBe(204);
  expect(await recordOf(lab, job)).toEqual({ failures: 1, pauseSeconds: 4000 });
});

test('what cannot be reached is told by its code', async () => {
  nameServer.zones.set('two.example.net', { A: [['127.0.0.1']] });
  nameServer.zones.set('half.example.net', { A: [['127.0.0.1']], broken: 'AAAA' });
  const closed = await startReceiver();
  await closed.close();
  for (const [target, code] of [
    [closed.url, 'ECONNREFUSED'],
    ['http://nobody.example.net/', 'ENOTFOUND'],
    [`http://half.example.net:${receiver.port}/`, 'ESERVFAIL'],
    [`https://two.example.net:${receiver.port}/`, 'EPROTO'],
  ] as const) {
    const job = await ended(lab, target);
    expect(await webhook.deliver(endOf(job))).toMatchObject({
      status: 500,
      text: expect.stringContaining(`The webhook could not be reached (${code}).`) as string,
    });
  }
});

test('an answer without end is read no further than it has to be', async () => {
  const job = await ended(lab, receiver.url);
  let isOpen = true;
  receiver.behaviour = (_call, response) => {
    response.writeHead(200).on('close', () => (isOpen = false));
    const more = () => void (isOpen && response.write(Buffer.alloc(4096), () => setImmediate(more)));
    more();
  };
  await webhook.deliver(endOf(job));
  expect(await webhookEndOf(lab, job)).toEqual({ status: 'delivered' });
  await expect.poll(() => isOpen).toBe(false);
});

test('a job that is deleted while its target thinks leaves nothing, and is not called again', async () => {
  const job = await ended(lab, receiver.url);
  const before = (await lab.keys()).filter((key) => !key.includes(job.job));
  receiver.behaviour = () => undefined;
  const delivering = webhook.deliver(endOf(job));
  await expect.poll(() => receiver.calls.length).toBe(1);
  await removeJob(lab.store, job.job);
  expect((await delivering).status).toBe(204);
  expect(await lab.keys()).toEqual([...before, keys.gone(job.job), keys.leaving(job.job)].sort());
  await webhook.deliver(endOf(job));
  await ping();
  // The ping may find others.
  expect(receiver.calls.filter(({ headers }) => headers['webhook-id'] === `msg_${job.job}`)).toHaveLength(1);
});

test('a process that is killed at work: another delivers', async () => {
  const job = await ended(lab, receiver.url);
  receiver.behaviour = () => undefined;
  const killed = await startFunction('webhook', environment(lab));
  killed.deliver(endOf(job)).catch(() => undefined);
  await expect.poll(() => receiver.calls.length).toBe(1);
  await killed.stop('SIGKILL');
  receiver.behaviour = answer(204);
  await webhook.deliver(endOf(job));
  expect(await webhookEndOf(lab, job)).toEqual({ status: 'delivered' });
  expect(receiver.calls).toHaveLength(2);
});

test('a damaged record of a job, and an event for none, have no effect', async () => {
  const job = await ended(lab, receiver.url);
  await lab.store.write(keys.job(job.job), Buffer.from('{'));
  expect((await webhook.deliver(endOf(job))).status).toBe(204);
  expect(await recordOf(lab, job)).toBeUndefined();
  expect((await webhook.deliver(endOf({ job: '00000000-0000-4000-8000-000000000000' } as never))).status).toBe(204);
  expect((await webhook.deliver(endOf({ job: '../x' } as never))).status).toBe(400);
});

/** Some machines have no openssl. */
const openssl = (...words: string[]) => execFileSync('openssl', words, { stdio: 'pipe' });
const hasOpenssl = (() => {
  try {
    return openssl('version').length > 0;
  } catch {
    return false;
  }
})();

test.skipIf(!hasOpenssl)('by HTTPS, the certificate must be that of the name (skipped without openssl)', async () => {
  const folder = fileURLToPath(`${lab.environment['STORE_URL']}/..`);
  const [key, cert] = [`${folder}/key.pem`, `${folder}/cert.pem`];
  const subject = ['-subj', '/CN=shop.example.net', '-addext', 'subjectAltName=DNS:shop.example.net'];
  openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-keyout', key, '-out', cert, ...subject);
  const tls = { key: await readFile(key, 'utf8'), cert: await readFile(cert, 'utf8') };
  const secure = await startReceiver({ tls });
  for (const name of ['shop.example.net', 'other.example.net']) nameServer.zones.set(name, { A: [['127.0.0.1']] });
  const trusting = await startFunction('webhook', {
    ...environment(lab),
    WEBHOOKS: 'https',
    WEBHOOK_DNS: nameServer.address,
    NODE_EXTRA_CA_CERTS: cert,
  });
  const own = await ended(lab, `https://shop.example.net:${secure.port}/`);
  await trusting.deliver(endOf(own));
  expect(await webhookEndOf(lab, own)).toEqual({ status: 'delivered' });
  const other = await ended(lab, `https://other.example.net:${secure.port}/`);
  expect((await trusting.deliver(endOf(other))).text).toContain('ERR_TLS_CERT_ALTNAME_INVALID');
  const plain = await ended(lab, receiver.url);
  await trusting.deliver(endOf(plain));
  expect(await webhookEndOf(lab, plain)).toMatchObject({ status: 'failed' });
  expect(secure.calls).toHaveLength(1);
  expect(receiver.calls).toEqual([]);
  await trusting.stop();
  await secure.close();
});

test('says what is wrong with the settings without quoting the secret, and does not start', async () => {
  const wrong = {
    WEBHOOK_SECRET: 'whsec_short',
    WEBHOOKS: 'yes',
    WEBHOOK_NETWORKS: '10.0.0.1',
    WEBHOOK_RETRY: '0',
    WEBHOOK_DNS: 'here',
  };
  const starting = startFunction('webhook', { ...environment(lab), ...wrong });
  await expect(starting).rejects.toThrow(
    /WEBHOOKS: must be off.*WEBHOOK_NETWORKS: must be networks.*WEBHOOK_SECRET: must be whsec_.*WEBHOOK_RETRY: must be.*WEBHOOK_DNS: must be/,
  );
  await expect(starting).rejects.not.toThrow(/short/);
});
