import { limits } from '../limits.ts';
import type { Log } from '../log.ts';
import type { BrokerSpec, Destination, TriggerSpec } from '../manifest/topology.ts';
import type { Message } from './attempt.ts';
import { createBacklog } from './backlog.ts';
import { deliver } from './delivery.ts';
import { describe, type Event, withAttributes } from './event.ts';
import { matches } from './filter.ts';
import type { Subscriber } from './subscriber.ts';

/** Why an event is not taken in. */
export interface Refusal {
  status: 400 | 404 | 503;
  reason: string;
}

/** The Brokers of the manifests: in memory, asynchronous, with Knative's rules of delivery. */
export interface Brokers {
  apply(wiring: { brokers: BrokerSpec[]; triggers: TriggerSpec[] }): void;
  /** Takes an event in. It answers before anything is delivered, as a Broker with an asynchronous handler does. */
  publish(broker: string, message: Message): Refusal | undefined;
  /** Takes nothing in any more, and resolves when deliveries under way have ended; what waits is dropped, and counted. */
  stop(): Promise<void>;
}

const firstTtl = 255;

export function createBrokers(resolve: (destination: Destination) => Subscriber, log: Log): Brokers {
  const backlog = createBacklog({ events: limits.waitingEvents, bytes: limits.waitingBytes });
  const stopping = new AbortController();
  let brokers = new Map<string, TriggerSpec[]>();

  /** Replies are never refused for want of room: what came in must be able to leave. */
  function publish(name: string, message: Message, isReply = false): Refusal | undefined {
    const triggers = brokers.get(name);
    if (!triggers) return { status: 404, reason: `There is no Broker ${name}` };
    if (stopping.signal.aborted) return { status: 503, reason: 'The broker is stopping' };
    if (backlog.full && !isReply) return { status: 503, reason: 'Too many events are waiting' };
    const ttl = timeToLive(message.event);
    if (ttl <= 0) return { status: 400, reason: 'The event has passed through the Broker too often (knativebrokerttl)' };

    const event = withAttributes(message.event, { knativebrokerttl: undefined, knativearrivaltime: new Date().toISOString() });
    for (const trigger of triggers) {
      if (matches(trigger, event)) dispatch(name, trigger, { event, headers: message.headers }, ttl);
    }
    return undefined;
  }

  function dispatch(broker: string, { subscriber, delivery }: TriggerSpec, message: Message, ttl: number): void {
    const under = deliver({
      message,
      subscriber: resolve(subscriber),
      deadLetterSink: delivery.deadLetterSink && resolve(delivery.deadLetterSink),
      rules: delivery,
      log,
      signal: stopping.signal,
      reply(answer) {
        const event = withAttributes(answer.event, { knativebrokerttl: String(ttl) });
        const refusal = publish(broker, { ...answer, event }, true);
        // Stopping: as in a cluster, what is in memory is lost with the process.
        if (!refusal || refusal.status === 503) return undefined;
        return { result: 'failed', retriable: false, reason: `its reply was refused: ${refusal.reason}`, code: refusal.status };
      },
    });
    // deliver() answers for every fault it expects; one that it does not must not end the runtime.
    const caught = under.catch((error: unknown) => log('broker', `${describe(message.event)}: ${String(error)}`));
    backlog.hold(message.event.data.length, caught);
  }

  return {
    apply(wiring) {
      brokers = new Map(wiring.brokers.map(({ name }) => [name, wiring.triggers.filter(({ broker }) => broker === name)]));
    },
    publish: (name, message) => publish(name, message),
    async stop() {
      const waiting = backlog.size;
      stopping.abort();
      if (waiting > 0)
        log('broker', `stops with ${waiting} ${waiting === 1 ? 'event' : 'events'} on the way; those that wait are dropped`);
      await backlog.empty();
    },
  };
}

function timeToLive({ attributes }: Event): number {
  const written = attributes.get('knativebrokerttl');
  return written !== undefined && /^-?\d+$/.test(written) ? Number(written) - 1 : firstTtl;
}
