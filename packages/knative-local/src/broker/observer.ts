import type { DeliveryOutcome } from './attempt.ts';
import type { DeliveryEnd } from './delivery-end.ts';
import type { CloudEvent } from './event.ts';

/** Who brings an event in: a Broker that accepted it, or a PingSource that sends it. */
export type Origin = { broker: string } | { ping: string };

/** Is told what becomes of events. It must be quick, and must not throw. */
export interface Observer {
  event(event: CloudEvent, origin: Origin): ObservedEvent;
  /** A Broker does not take an event. Of a reply that is refused, its delivery tells. */
  refused(event: CloudEvent, origin: Origin, refusal: Refusal): void;
}

/** Why an event is not accepted. */
export interface Refusal {
  status: 400 | 404 | 503;
  reason: string;
}

export interface ObservedEvent {
  /** A Trigger matches; a PingSource goes by its own name. */
  delivery(trigger: string, subscriber: string): ObservedDelivery;
}

export interface ObservedDelivery {
  /**
   * An attempt begins.
   * @param destination the subscriber, or the dead letter sink
   * @returns to be called at its end: without an outcome if the runtime stopped first, with milliseconds if another attempt follows
   */
  attempt(destination: string): (outcome: DeliveryOutcome | undefined, wait?: number) => void;
  /** The subscriber's reply was accepted as an event. */
  reply(event: CloudEvent, origin: Origin): ObservedEvent;
  end(how: DeliveryEnd, reason?: string): void;
}

const event = (): ObservedEvent => ({ delivery: () => delivery });
const delivery: ObservedDelivery = { attempt: () => () => undefined, reply: event, end: () => undefined };

/** For whoever observes nothing. */
export const unobserved: Observer = { event, refused: () => undefined };

/** Tells two. */
export function both(one: Observer, other: Observer): Observer {
  const bothEvents = (a: ObservedEvent, b: ObservedEvent): ObservedEvent => ({
    delivery: (...about) => bothDeliveries(a.delivery(...about), b.delivery(...about)),
  });
  const bothDeliveries = (a: ObservedDelivery, b: ObservedDelivery): ObservedDelivery => ({
    attempt(destination) {
      const ended = [a.attempt(destination), b.attempt(destination)];
      return (...how) => ended.forEach((end) => end(...how));
    },
    reply: (...reply) => bothEvents(a.reply(...reply), b.reply(...reply)),
    end(...how) {
      a.end(...how);
      b.end(...how);
    },
  });
  return {
    event: (...about) => bothEvents(one.event(...about), other.event(...about)),
    refused(...about) {
      one.refused(...about);
      other.refused(...about);
    },
  };
}
