import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import type { Job } from '@darkroom/shared/job';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningFunction, startFunction } from '../../../packages/shared/test/support/function.ts';
import { type Lab, openLab } from '../../../packages/shared/test/support/lab.ts';
import type { WebhookRecord } from '../src/record.ts';
import { hostileRedirects, hostileTargets } from './hostile-targets.ts';
import { type NameServer, startNameServer } from './name-server.ts';
import { type Receiver, startReceiver } from './receiver.ts';
import { endOf, ended, environment, recordOf, webhookEndOf } from './support.ts';

let lab: Lab;
let nameServer: NameServer;
let proxy: Victim;
beforeAll(async () => {
  lab = await openLab();
  nameServer = await startNameServer();
  proxy = await startVictim();
});
afterAll(async () => {
  proxy.close();
  nameServer.close();
  await lab.close();
});

/** Somebody who must not be reached: each connection is one too many. */
interface Victim {
  port: number;
  connections: number;
  close(): void;
}

/** @param host by default, every address of this machine */
async function startVictim(host?: string, port = 0): Promise<Victim> {
  const server: Server = createServer((socket) => {
    victim.connections += 1;
    socket.on('error', () => undefined).end('HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n');
  });
  server.listen(port, host);
  await once(server, 'listening');
  const victim = { port: (server.address() as AddressInfo).port, connections: 0, close: () => server.close() };
  return victim;
}

/** A webhook function. A proxy that its environment names would connect wherever it is told. */
function start(changes: Record<string, string> = {}): Promise<RunningFunction> {
  const url = `http://127.0.0.1:${proxy.port}`;
  const proxies = { HTTP_PROXY: url, HTTPS_PROXY: url, http_proxy: url, https_proxy: url, NODE_USE_ENV_PROXY: '1' };
  const { WEBHOOK_NETWORKS: _, ...usual } = environment(lab);
  return startFunction('webhook', { ...usual, ...proxies, WEBHOOK_DNS: nameServer.address, ...changes });
}

/** Delivers until an attempt has ended: on a machine under load a name server may be late, or a lock lost. */
async function settled(webhook: RunningFunction, job: Job): Promise<unknown> {
  for (;;) {
    const { text } = await webhook.deliver(endOf(job));
    const end = await webhookEndOf(lab, job);
    if (end) return end;
    const record = (await recordOf(lab, job)) as Partial<WebhookRecord>;
    if (record.failures !== undefined && !text.includes('ETIMEOUT')) return record;
  }
}

/** How the webhooks to these targets ended, some at a time. */
async function endsOf(webhook: RunningFunction, targets: readonly string[]): Promise<{ target: string; end: unknown }[]> {
  const waiting = [...targets].entries();
  const ends: { target: string; end: unknown }[] = [];
  async function work() {
    for (const [index, target] of waiting) {
      const job = await ended(lab, target);
      ends[index] = { target, end: await settled(webhook, job) };
    }
  }
  await Promise.all(Array.from({ length: 16 }, work));
  return ends;
}

const isRefused = (end: unknown) => {
  const { status, reason = '' } = end as { status?: string; reason?: string };
  return status === 'failed' && /that is not public|one that is not public/.test(reason);
};

test('of a thousand targets that are not public, none is reached', async () => {
  const victim = await startVictim();
  const targets = hostileTargets(nameServer, victim.port);
  expect(new Set(targets).size).toBeGreaterThanOrEqual(1000);
  const webhook = await start();
  const ends = await endsOf(webhook, targets);
  expect(ends.filter(({ end }) => !isRefused(end))).toEqual([]);
  expect({ victim: victim.connections, proxy: proxy.connections }).toEqual({ victim: 0, proxy: 0 });
  await webhook.stop();
  victim.close();
});

test('where its networks are allowed, the same victim is reached', async () => {
  const victim = await startVictim('127.0.0.1');
  const all = hostileTargets(nameServer, victim.port).filter((target) => target.startsWith('http:'));
  // Literals, of which the first are those of 127.0.0.1, and names.
  const targets = [...all.slice(0, 30), ...all.slice(-30)];
  const webhook = await start({ WEBHOOK_NETWORKS: '127.0.0.1/32' });
  const ends = await endsOf(webhook, targets);
  const delivered = ends.filter(({ end }) => (end as { status?: string }).status === 'delivered');
  expect(delivered.length).toBeGreaterThan(5);
  expect(victim.connections).toBe(delivered.length);
  await webhook.stop();
  victim.close();
});

// Only Linux gives the whole of 127.0.0.0/8 to a machine.
describe.skipIf(process.platform !== 'linux')('a target that may be reached, at 127.0.0.2 (skipped except on Linux)', () => {
  let target: Receiver;
  let victim: Victim;
  let webhook: RunningFunction;
  beforeAll(async () => {
    target = await startReceiver({ host: '127.0.0.2' });
    // At the same port.
    victim = await startVictim('127.0.0.1', target.port);
    webhook = await start({ WEBHOOK_NETWORKS: '127.0.0.2/32' });
  });
  afterAll(async () => {
    await webhook.stop();
    victim.close();
    await target.close();
    expect({ victim: victim.connections, proxy: proxy.connections }).toEqual({ victim: 0, proxy: 0 });
  });

  test('leads nowhere else by a redirect', async () => {
    const redirects = hostileRedirects(victim.port);
    target.behaviour = ({ path }, response) => {
      const { status, location } = redirects.find((each) => each.path === path)!;
      response
        .writeHead(status, { location, refresh: `0; url=${location}` })
        .end(`<meta http-equiv=refresh content="0;${location}">`);
    };
    const ends = await endsOf(
      webhook,
      redirects.map(({ path }) => target.url + path),
    );
    expect(target.calls.length).toBeGreaterThanOrEqual(redirects.length);
    expect(ends.map(({ end }) => end)).toEqual(redirects.map(() => ({ failures: 1, pauseSeconds: 0 })));
    expect(victim.connections).toBe(0);
  });

  test('leads nowhere else by a name that changes', async () => {
    target.calls = [];
    target.behaviour = (_call, response) => response.writeHead(204).end();
    const good = ['127.0.0.2'];
    const bad = ['127.0.0.1'];
    const orders = [
      [good, bad],
      [bad, good],
      [good, good, bad],
      [good, [...good, ...bad]],
      [bad, bad, good],
    ];
    const targets = Array.from({ length: 100 }, (_, index) => {
      const name = `changing${index}.example.net`;
      nameServer.zones.set(name, { A: orders[index % orders.length]!.map((set) => [...set]) });
      return `http://${name}:${target.port}/`;
    });
    const ends = await endsOf(webhook, targets);
    const delivered = ends.filter(({ end }) => (end as { status?: string }).status === 'delivered');
    const refused = ends.filter(({ end }) => isRefused(end));
    expect(delivered.length + refused.length).toBe(ends.length);
    expect(delivered.length).toBeGreaterThan(50);
    expect(target.calls).toHaveLength(delivered.length);
    for (const [index, { end }] of ends.entries())
      if (orders[index % orders.length]![0] === bad) expect(isRefused(end)).toBe(true);
    expect(victim.connections).toBe(0);
  });
});
