import { describe } from 'vitest';
import { testDeadLetters } from './dead-letters.ts';
import { testFailures } from './failures.ts';
import { testIngress } from './ingress.ts';
import { testPassingOn } from './passing-on.ts';
import { testRouting } from './routing.ts';
import { type BrokerUnderTest, quick } from './subject.ts';

/**
 * What any Broker must do: Knative's data plane contract as seen from outside, over HTTP, with real subscribers.
 * @param makeBroker a fresh Broker named "default"; it is given its `spec`
 */
export function testBroker(makeBroker: (spec: object) => Promise<BrokerUnderTest>): void {
  const broker = (spec: object = { delivery: { ...quick, retry: 3 } }) => makeBroker(spec);
  describe('ingress', () => testIngress(broker));
  describe('passing on', () => testPassingOn(broker));
  describe('routing', () => testRouting(broker));
  describe('failures', () => testFailures(broker));
  describe('dead letters', () => testDeadLetters(broker));
}
