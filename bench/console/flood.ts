import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { Agent, createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Darkroom } from '../../packages/lab/test/pipeline/darkroom.ts';

/** Small events through the broker to a subscriber that does nothing: nowhere else does the console have as much to tell of as little work. */
export interface Flood {
  /** Writes its Trigger into the config/ of a folder. */
  addTrigger(folder: string): Promise<void>;
  /** @returns the seconds from the first event sent to the last received */
  send(darkroom: Pick<Darkroom, 'brokerUrl' | 'token'>, events: number): Promise<number>;
  close(): void;
}

const type = 'bench.flood';
const connections = 32;

export async function openFlood(): Promise<Flood> {
  let awaited = 0;
  let arrived = () => {};
  const subscriber = createServer((incoming, outgoing) => {
    incoming.resume();
    outgoing.writeHead(204).end();
    awaited -= 1;
    if (awaited === 0) arrived();
  }).listen(0, '127.0.0.1');
  await once(subscriber, 'listening');
  const { port } = subscriber.address() as AddressInfo;
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  let next = 0;

  /** @returns false if the broker asks to come back later: it takes events faster than it can pass them on */
  function publish({ brokerUrl, token }: Pick<Darkroom, 'brokerUrl' | 'token'>): Promise<boolean> {
    const id = String((next += 1));
    const event = { 'ce-specversion': '1.0', 'ce-id': id, 'ce-source': '/bench', 'ce-type': type, 'ce-job': id };
    return new Promise((resolve, reject) => {
      request(brokerUrl, { method: 'POST', agent, headers: { ...event, authorization: `Bearer ${token}` } }, (response) => {
        response.resume().once('end', () => resolve(response.statusCode === 202));
        if (response.statusCode !== 202 && response.statusCode !== 503)
          reject(new Error(`The broker answered ${response.statusCode}`));
      })
        .once('error', reject)
        .end();
    });
  }

  return {
    addTrigger: (folder) =>
      writeFile(
        join(folder, 'config/flood.yaml'),
        `apiVersion: eventing.knative.dev/v1
kind: Trigger
metadata: { name: flood }
spec:
  broker: default
  filter: { attributes: { type: ${type} } }
  subscriber: { uri: 'http://127.0.0.1:${port}' }
`,
      ),
    async send(darkroom, events) {
      awaited = events;
      const all = new Promise<void>((resolve) => (arrived = resolve));
      const begun = performance.now();
      let left = events;
      async function lane() {
        for (; left > 0;) {
          left -= 1;
          while (!(await publish(darkroom))) await sleep(50);
        }
      }
      await Promise.all(Array.from({ length: connections }, lane));
      await all;
      return (performance.now() - begun) / 1000;
    },
    close() {
      agent.destroy();
      subscriber.close();
      subscriber.closeAllConnections();
    },
  };
}
