import * as v from 'valibot';
import type { Controls } from '../api/control-plane.ts';
import { StatusError } from '../api/model/status-error.ts';
import type { Brokers } from '../broker/broker.ts';
import { type CloudEvent, NotAnEvent, wellFormed, withAttributes } from '../broker/event.ts';
import { headerSafe } from '../broker/structured.ts';
import type { Clock } from '../clock.ts';
import type { Journal } from '../journal/journal.ts';
import type { Fleet } from '../process/fleet.ts';
import type { DeadLetters } from './dead-letters.ts';
import { Problem } from './problem.ts';

/** What a person can do from the console. Each throws Problem if it cannot be. */
export interface Actions {
  /** Publishes an event of one's own. Attributes that are missing but required are filled in, except `type`. */
  publish(wish: unknown): void;
  /** Publishes an event of the journal once more, to all Triggers that match, as a Broker may do at any time. */
  publishAgain(number: number): void;
  replay(name: string): Promise<void>;
  shiftTraffic(service: string, percents: unknown): Promise<void>;
  /** Kills a process as a crash would. */
  kill(id: string): void;
}

export interface ActionsOptions {
  journal: Journal;
  brokers: Pick<Brokers, 'publish'>;
  fleet: Pick<Fleet, 'replicas'>;
  controls: Pick<Controls, 'shiftTraffic'>;
  deadLetters: DeadLetters | undefined;
  clock: Clock;
}

const ownEvent = v.strictObject({
  broker: v.string(),
  attributes: v.record(v.string(), v.string()),
  data: v.optional(v.string(), ''),
});
const shares = v.record(v.string(), v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(100)));

/** What a Broker or a failure has added on the way. */
const added = { knativearrivaltime: undefined, knativebrokerttl: undefined };
const failure = { knativeerrordest: undefined, knativeerrorcode: undefined, knativeerrordata: undefined };

export function createActions({ journal, brokers, fleet, controls, deadLetters, clock }: ActionsOptions): Actions {
  function send(broker: string, event: CloudEvent): void {
    const refusal = brokers.publish(broker, { event, headers: {} });
    if (refusal) throw new Problem(refusal.status, `${refusal.reason}.`);
  }

  return {
    publish(wish) {
      const { broker, attributes, data } = parsed(ownEvent, wish);
      const given = Object.entries(attributes).filter(([, value]) => value !== '');
      const safe = given.map(([name, value]) => [name, headerSafe(value)]);
      const filled = {
        specversion: '1.0',
        id: crypto.randomUUID(),
        source: '/console',
        time: new Date(clock.now()).toISOString(),
        ...(Object.fromEntries(safe) as Record<string, string>),
      };
      try {
        send(broker, wellFormed({ attributes: new Map(Object.entries(filled)), data: Buffer.from(data) }));
      } catch (error) {
        throw error instanceof NotAnEvent ? new Problem(400, `${error.message}.`, { cause: error }) : error;
      }
    },
    publishAgain(number) {
      const original = journal.original(number);
      if (!original) throw new Problem(404, 'The journal has forgotten this event; choose a newer one.');
      const { event, origin } = original;
      if ('ping' in origin) throw new Problem(409, 'A PingSource sent this event past every Broker; it comes again by itself.');
      send(origin.broker, withAttributes(event, { ...added, ...failure }));
    },
    async replay(name) {
      if (!deadLetters) throw new Problem(404, 'This project keeps no dead letters. Send the event again from its timeline.');
      if (!(await deadLetters.replay(name, send)))
        throw new Problem(404, 'There is no such dead letter any more. Load the list again.');
    },
    async shiftTraffic(service, percents) {
      try {
        await controls.shiftTraffic(service, parsed(shares, percents));
      } catch (error) {
        throw error instanceof StatusError ? new Problem(error.code, error.message, { cause: error }) : error;
      }
    },
    kill(id) {
      const pid = fleet.replicas.find((replica) => replica.id === id)?.vitals.pid;
      const gone = new Problem(404, 'This process is gone already.');
      if (pid === undefined) throw gone;
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        throw gone;
      }
    },
  };
}

/** @throws Problem 400 */
function parsed<Schema extends v.GenericSchema>(schema: Schema, value: unknown): v.InferOutput<Schema> {
  const { success, output, issues } = v.safeParse(schema, value);
  if (success) return output;
  const [{ path, message }] = issues;
  const place = path?.map(({ key }) => String(key)).join('.');
  throw new Problem(400, place ? `${place}: ${message}.` : `${message}.`);
}
