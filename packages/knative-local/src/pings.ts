import { randomUUID } from 'node:crypto';
import { Cron } from 'croner';
import { attempt } from './broker/attempt.ts';
import type { CloudEvent } from './broker/event.ts';
import { type Observer, unobserved } from './broker/observer.ts';
import { namespace } from './broker/address.ts';
import type { Subscriber } from './broker/subscriber.ts';
import { type Clock, systemClock } from './clock.ts';
import { limits } from './limits.ts';
import type { Log } from './log.ts';
import type { Destination, PingSpec } from './manifest/topology.ts';

/** The PingSources in the manifests. */
export interface Pings {
  apply(pings: PingSpec[]): void;
  /** Sends each event once, now: after a restart the broker is empty, so open work stands still. `dataOf` may change the data. */
  sendAll(dataOf?: (data: string) => string): void;
  stop(): void;
}

export function createPings(
  resolve: (destination: Destination) => Subscriber,
  log: Log,
  clock: Clock = systemClock,
  observer: Observer = unobserved,
): Pings {
  const stopping = new AbortController();
  const inFlight = new Set<string>();
  let current: PingSpec[] = [];
  let crons: Cron[] = [];

  async function send(ping: PingSpec, data: string): Promise<void> {
    // A tick is skipped while the previous one is still under way.
    if (inFlight.has(ping.name)) return;
    inFlight.add(ping.name);
    try {
      const subscriber = resolve(ping.sink);
      const event = pingEvent(ping, data, clock);
      const observed = observer.event(event, { ping: ping.name }).delivery(ping.name, subscriber.name);
      const ended = observed.attempt(subscriber.name);
      const outcome = await attempt({
        message: { event, headers: {} },
        subscriber,
        timeout: limits.deliveryTime,
        clock,
        signal: stopping.signal,
        ignoreReply: true,
      });
      ended(outcome);
      if (outcome.result === 'delivered') observed.end('delivered');
      else observed.end(stopping.signal.aborted ? 'stopped' : 'lost', outcome.reason);
      if (outcome.result === 'failed' && !stopping.signal.aborted)
        log('ping', `${ping.name} to ${subscriber.name} failed (${outcome.reason}); the next one follows its schedule`);
    } finally {
      inFlight.delete(ping.name);
    }
  }

  function halt(): void {
    for (const cron of crons) cron.stop();
  }

  return {
    apply(pings) {
      halt();
      current = pings;
      crons = pings.map(
        (ping) =>
          new Cron(ping.schedule, { ...(ping.timezone && { timezone: ping.timezone }) }, () => void send(ping, ping.data)),
      );
    },
    sendAll(dataOf = (data) => data) {
      for (const ping of current) void send(ping, dataOf(ping.data));
    },
    stop() {
      halt();
      stopping.abort();
    },
  };
}

function pingEvent({ name, contentType }: PingSpec, data: string, clock: Clock): CloudEvent {
  const attributes = new Map([
    ['specversion', '1.0'],
    ['id', randomUUID()],
    ['source', `/apis/v1/namespaces/${namespace}/pingsources/${name}`],
    ['type', 'dev.knative.sources.ping'],
    ['time', new Date(clock.now()).toISOString()],
    ['datacontenttype', contentType],
  ]);
  return { attributes, data: Buffer.from(data) };
}
