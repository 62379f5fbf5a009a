import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { addressesIn } from './addresses.ts';

export interface Faults {
  /** Shares of deliveries, 0..1. */
  drop: number;
  duplicate: number;
  delay: number;
}

export interface Saboteur {
  url: string;
  counts: Record<'delivered' | 'dropped' | 'duplicated' | 'delayed' | 'cursed', number>;
  /** Whether the sepia prints of a job can never be made: its sender must hear of it. */
  isCursed(job: string): boolean;
  /** Of senders, as events and the answers to them held them. */
  addresses: ReadonlySet<string>;
  close(): void;
}

const cursedStage = 'sepia';
/** One in this many jobs with sepia, including the first, so that even a short run has dead letters. */
const jobsPerCurse = 16;

/** Milliseconds that a delayed delivery may wait; others overtake it meanwhile. */
const longestDelay = 2000;

/**
 * Sits between broker and functions: silently drops deliveries, duplicates them, and delays them.
 * @param faults undefined while nothing fails
 */
export async function openSaboteur(faults: () => Faults | undefined, random: () => number): Promise<Saboteur> {
  const counts = { delivered: 0, dropped: 0, duplicated: 0, delayed: 0, cursed: 0 };

  const addresses = new Set<string>();
  const met = new Set<string>();
  const cursed = new Set<string>();

  function curseSome(job: string) {
    if (!faults() || met.has(job)) return;
    if (met.size % jobsPerCurse === 0) cursed.add(job);
    met.add(job);
  }

  function look(headers: IncomingMessage['headers'], body: Buffer) {
    for (const address of addressesIn(JSON.stringify(headers) + body.toString())) addresses.add(address);
  }

  async function pass(incoming: IncomingMessage, outgoing: ServerResponse) {
    const body = await readAll(incoming);
    look(incoming.headers, body);
    const [subscriber, target] = incoming.url!.slice(1).split('/').map(decodeURIComponent) as [string, string];
    const job = String(incoming.headers['ce-job']);
    if (subscriber === cursedStage) curseSome(job);
    if (subscriber === cursedStage && cursed.has(job)) {
      counts.cursed += 1;
      outgoing.writeHead(500).end('cursed');
      return;
    }
    const { drop, duplicate, delay } = faults() ?? { drop: 0, duplicate: 0, delay: 0 };
    if (random() < drop) {
      counts.dropped += 1;
      outgoing.writeHead(204).end();
      return;
    }
    if (random() < delay) {
      counts.delayed += 1;
      await sleep(random() * longestDelay);
    }
    const { host: _, ...headers } = incoming.headers;
    const passes = [passOn(target, headers, body)];
    if (random() < duplicate) {
      counts.duplicated += 1;
      passes.push(passOn(target, headers, body));
    }
    // The broker hears the first answer; what the second call replies is lost, as it is when a broker dies between the two.
    const [first] = await Promise.allSettled(passes);
    if (first?.status !== 'fulfilled') return void outgoing.destroy();
    counts.delivered += 1;
    look(first.value.headers, first.value.body);
    outgoing.writeHead(first.value.status, first.value.headers).end(first.value.body);
  }

  const server = createServer((incoming, outgoing) => void pass(incoming, outgoing).catch(() => outgoing.destroy())).listen(
    0,
    '127.0.0.1',
  );
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    counts,
    isCursed: (job) => cursed.has(job),
    addresses,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

interface SubscriberResponse {
  status: number;
  headers: IncomingMessage['headers'];
  body: Buffer;
}

function passOn(target: string, headers: IncomingMessage['headers'], body: Buffer): Promise<SubscriberResponse> {
  return new Promise((resolve, reject) => {
    const outgoing = request(target, { method: 'POST', headers }, (answer) => {
      readAll(answer).then(
        (bytes) => resolve({ status: answer.statusCode ?? 500, headers: answer.headers, body: bytes }),
        reject,
      );
    });
    outgoing.on('error', reject).end(body);
  });
}

async function readAll(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
