import { type Clock, systemClock } from '../clock.ts';
import { limits } from '../limits.ts';
import type { Log } from '../log.ts';
import type { BrokerSpec, Destination, TriggerSpec } from '../manifest/topology.ts';
import { clusterAddress } from './address.ts';
import type { Message } from './attempt.ts';
import { createBacklog } from './backlog.ts';
import { deliver } from './delivery.ts';
import { type CloudEvent, describe, missingAttribute, withAttributes } from './event.ts';
import { matches } from './filter.ts';
import { type ObservedDelivery, type ObservedEvent, type Observer, type Refusal, unobserved } from './observer.ts';
import type { Subscriber } from './subscriber.ts';

/** The Brokers in the manifests: in memory, asynchronous, with Knative's delivery rules. */
export interface Brokers {
  apply(wiring: { brokers: BrokerSpec[]; triggers: TriggerSpec[] }): void;
  /** Accepts an event. Answers before anything is delivered, like a Broker with an asynchronous handler. */
  publish(broker: string, message: Message): Refusal | undefined;
  /** Accepts nothing more, and resolves when the deliveries under way have ended. What is waiting is dropped, and counted. */
  stop(): Promise<void>;
}

const firstTtl = 255;

export function createBrokers(
  resolve: (destination: Destination) => Subscriber,
  log: Log,
  clock: Clock = systemClock,
  observer: Observer = unobserved,
): Brokers {
  const backlog = createBacklog({ events: limits.waitingEvents, bytes: limits.waitingBytes });
  const stopping = new AbortController();
  let brokers = new Map<string, TriggerSpec[]>();

  /** Replies are never refused for lack of room: what came in must be able to get out. */
  function publish(name: string, message: Message, replyTo?: ObservedDelivery): Refusal | undefined {
    const missing = missingAttribute(message.event);
    if (missing !== undefined) return { status: 400, reason: `The attribute ${missing} is missing` };
    const triggers = brokers.get(name);
    if (!triggers) return { status: 404, reason: `There is no Broker ${name}` };
    if (stopping.signal.aborted) return { status: 503, reason: 'The broker is stopping' };
    if (backlog.full && !replyTo) return { status: 503, reason: 'Too many events are waiting' };
    const ttl = timeToLive(message.event);
    if (ttl <= 0) return { status: 400, reason: 'The event has passed through the Broker too often (knativebrokerttl)' };

    const event = withAttributes(message.event, {
      knativebrokerttl: undefined,
      knativearrivaltime: new Date(clock.now()).toISOString(),
    });
    const origin = { broker: name };
    const observed = replyTo ? replyTo.reply(event, origin) : observer.event(event, origin);
    for (const trigger of triggers) {
      if (matches(trigger, event)) startDelivery(name, trigger, { event, headers: message.headers }, ttl, observed);
    }
    return undefined;
  }

  function startDelivery(broker: string, trigger: TriggerSpec, message: Message, ttl: number, event: ObservedEvent): void {
    const { name, delivery } = trigger;
    const subscriber = resolve(trigger.subscriber);
    const observed = event.delivery(name, subscriber.name);
    const under = deliver({
      message,
      subscriber,
      deadLetterSink: delivery.deadLetterSink && resolve(delivery.deadLetterSink),
      rules: delivery,
      observed,
      log,
      clock,
      signal: stopping.signal,
      reply(replied) {
        const once = withAttributes(replied.event, { knativebrokerttl: String(ttl) });
        const refusal = publish(broker, { ...replied, event: once }, observed);
        // When stopping, as in a cluster, what is in memory is lost with the process.
        if (!refusal || refusal.status === 503) return undefined;
        return {
          result: 'failed',
          retriable: false,
          reason: `its reply was refused: ${refusal.reason}`,
          error: { destination: clusterAddress(broker), code: refusal.status, body: Buffer.alloc(0) },
        };
      },
    });
    // deliver() handles every fault it expects; an unexpected one must not end the runtime.
    const caught = under.catch((error: unknown) => log('broker', `${describe(message.event)}: ${String(error)}`));
    backlog.hold(message.event.data.length, caught);
  }

  return {
    apply(wiring) {
      brokers = new Map(wiring.brokers.map(({ name }) => [name, wiring.triggers.filter(({ broker }) => broker === name)]));
    },
    publish(name, message) {
      const refusal = publish(name, message);
      if (refusal) observer.refused(message.event, { broker: name }, refusal);
      return refusal;
    },
    async stop() {
      const waiting = backlog.size;
      stopping.abort();
      if (waiting > 0)
        log('broker', `stops with ${waiting} ${waiting === 1 ? 'event' : 'events'} on the way; those that wait are dropped`);
      await backlog.empty();
    },
  };
}

function timeToLive({ attributes }: CloudEvent): number {
  const written = attributes.get('knativebrokerttl');
  return written !== undefined && /^-?\d+$/.test(written) ? Number(written) - 1 : firstTtl;
}
