import { randomBytes } from 'node:crypto';
import { expect, vi } from 'vitest';
import { binary, startSubscriber } from '../subscriber.ts';

/** A Broker of one's own for one test, whoever runs it. */
export interface BrokerUnderTest {
  url: string;
  /** Applies manifests, and resolves when they are in effect. */
  apply: (...manifests: object[]) => Promise<void>;
}

/** Makes a fresh Broker named "default" with this `spec`; without one, with retries that come quickly. */
export type MakeBroker = (spec?: object) => Promise<BrokerUnderTest>;

export const quick = { backoffPolicy: 'linear', backoffDelay: 'PT0.02S' };

export function trigger(name: string, subscriber: string, attributes: Record<string, string>, rest: object = {}): object {
  return {
    apiVersion: 'eventing.knative.dev/v1',
    kind: 'Trigger',
    metadata: { name },
    spec: { broker: 'default', filter: { attributes }, subscriber: { uri: subscriber }, ...rest },
  };
}

export function send(url: string, headers: Record<string, string>, body: string | Buffer = ''): Promise<Response> {
  return fetch(url, { method: 'POST', headers, body });
}

export function arrive(list: unknown[], count: number): Promise<void> {
  return vi.waitFor(() => expect(list.length).toBeGreaterThanOrEqual(count), { timeout: 10_000, interval: 5 });
}

/** Nothing more is on its way once an event that was sent afterwards has arrived. */
export async function settle({ url, apply }: BrokerUnderTest): Promise<void> {
  const last = await startSubscriber();
  await apply(trigger(`last-${randomBytes(4).toString('hex')}`, last.url, { type: 'test.last' }));
  await send(url, binary({ type: 'test.last' }));
  await arrive(last.received, 1);
}
