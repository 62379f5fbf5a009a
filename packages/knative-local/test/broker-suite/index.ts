import { describe } from 'vitest';
import type { Behaviour } from './behaviour.ts';
import { testDeadLetters } from './dead-letters.ts';
import { testFailures } from './failures.ts';
import { testIngress } from './ingress.ts';
import { testPassingOn } from './passing-on.ts';
import { testReplies } from './replies.ts';
import { testRouting } from './routing.ts';
import { type BrokerUnderTest, quick } from './subject.ts';

/**
 * What any Broker must do: Knative's data plane contract as seen from outside, over HTTP, with real subscribers.
 * @param makeBroker makes a new Broker with this `spec`; the suite's Triggers call it "default"
 */
export function testBroker(makeBroker: (spec: object) => Promise<BrokerUnderTest>, behaviour: Behaviour): void {
  const broker = (spec: object = { delivery: { ...quick, retry: 3 } }) => makeBroker(spec);
  const subject = { broker, behaviour };
  describe('ingress', () => testIngress(subject));
  describe('passing on', () => testPassingOn(subject));
  describe('routing', () => testRouting(subject));
  describe('replies', () => testReplies(subject));
  describe('failures', () => testFailures(subject));
  describe('dead letters', () => testDeadLetters(subject));
}
