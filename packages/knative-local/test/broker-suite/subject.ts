import { randomBytes } from 'node:crypto';
import { expect } from 'vitest';
import { binary, startSubscriber } from '../subscriber.ts';
import type { Behaviour } from './behaviour.ts';

/** A Broker made for one test, whoever runs it. */
export interface BrokerUnderTest {
  url: string;
  /** Applies Triggers, and resolves when they are in effect. */
  apply: (...triggers: object[]) => Promise<void>;
}

/** Makes a new Broker with this `spec`; without one, it retries soon. */
export type MakeBroker = (spec?: object) => Promise<BrokerUnderTest>;

/** A kind of Broker, and what is known to be its own way. */
export interface Subject {
  broker: MakeBroker;
  behaviour: Behaviour;
}

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

/** Waits until it holds. */
export async function eventually(assertion: () => unknown): Promise<void> {
  // It ends once nothing is thrown, whatever an assertion returns.
  await expect.poll(async () => void (await assertion())).toBeUndefined();
}

export function arrive(list: unknown[], count: number): Promise<void> {
  return eventually(() => expect(list.length).toBeGreaterThanOrEqual(count));
}

/** Nothing more is under way once an event that was sent afterwards has arrived. */
export async function settle({ url, apply }: BrokerUnderTest): Promise<void> {
  const last = await startSubscriber();
  await apply(trigger(`last-${randomBytes(4).toString('hex')}`, last.url, { type: 'test.last' }));
  await send(url, binary({ type: 'test.last' }));
  await arrive(last.received, 1);
}
