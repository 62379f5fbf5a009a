import type { CloudEvent } from '../broker/event.ts';
import type { ObservedDelivery, ObservedEvent, Observer, Origin } from '../broker/observer.ts';
import type { Clock } from '../clock.ts';
import { type JournalEntry, recordOf, summaryOf, weightOf } from './entry.ts';
import type { AttemptRecord, DeliveryRecord, EventRecord, EventSummary } from './record.ts';
import { createShelf } from './shelf.ts';

/** Which events are asked for; every condition must hold. */
export interface Query {
  /** The value of the attribute called `name`; without a name, a part of any value. */
  value?: string | undefined;
  name?: string | undefined;
  /** Some delivery is in this state, or the event itself was refused. */
  state?: DeliveryRecord['state'] | 'refused' | undefined;
  /** Its number is lower. */
  before?: number | undefined;
  /** Of those, the newest so many. */
  limit: number;
}

/** What became of the latest events, in memory and in bounds. */
export interface Journal extends Observer {
  /** The newest first. */
  list(query: Query): EventSummary[];
  find(number: number): EventRecord | undefined;
  summary(number: number): EventSummary | undefined;
  /** The event as it came, and who brought it in; undefined once it is forgotten. */
  original(number: number): { event: CloudEvent; origin: Origin } | undefined;
  /** An event, with all that share its correlation attribute, or its replies and what they reply to. In the order of arrival. */
  chain(number: number): EventRecord[];
  /** @param listener gets the number of each event that is new or has news; returns a function that ends it */
  follow(listener: (number: number) => void): () => void;
}

export interface JournalOptions {
  /** The attribute that events of one chain share. */
  correlation?: string | undefined;
  bounds: { count: number; bytes: number };
  clock: Clock;
}

/** Roughly what an attempt weighs besides its reason. */
const attemptBytes = 200;
/** Of a reason; more can be read in the log. */
const longestReason = 500;

export function createJournal({ correlation, bounds, clock }: JournalOptions): Journal {
  const shelf = createShelf<JournalEntry>(bounds);
  const listeners = new Set<(number: number) => void>();

  function tell({ number }: JournalEntry): void {
    for (const listener of listeners) listener(number);
  }

  function enter(event: CloudEvent, origin: Origin, more?: Pick<JournalEntry, 'cause' | 'refusal'>): ObservedEvent {
    const entry: JournalEntry = { number: shelf.next, time: clock.now(), origin, event, ...more, deliveries: [] };
    shelf.add(entry, weightOf(event));
    tell(entry);
    return { delivery: (trigger, subscriber) => observe(entry, trigger, subscriber) };
  }

  function observe(entry: JournalEntry, trigger: string, subscriber: string): ObservedDelivery {
    const delivery: DeliveryRecord = { trigger, subscriber, state: 'under way', attempts: [] };
    entry.deliveries.push(delivery);
    return {
      attempt(destination) {
        const attempt: AttemptRecord = { destination, begun: clock.now() };
        delivery.attempts.push(attempt);
        shelf.grow(entry.number, attemptBytes);
        tell(entry);
        return (outcome, wait) => {
          attempt.duration = clock.now() - attempt.begun;
          if (outcome?.status !== undefined) attempt.status = outcome.status;
          if (outcome?.result === 'failed') attempt.reason = outcome.reason.slice(0, longestReason);
          if (wait !== undefined) attempt.wait = wait;
          shelf.grow(entry.number, attempt.reason?.length ?? 0);
          tell(entry);
        };
      },
      reply: (event, origin) => enter(event, origin, { cause: { event: entry.number, trigger } }),
      end(how, reason) {
        delivery.state = how;
        delivery.end = clock.now();
        if (reason !== undefined) delivery.reason = reason.slice(0, longestReason);
        tell(entry);
      },
    };
  }

  /** By replies alone: whose reply it is, and so on, and every reply to any of these. */
  function related(entry: JournalEntry): JournalEntry[] {
    let root = entry;
    for (let above: JournalEntry | undefined = entry; above; above = above.cause && shelf.get(above.cause.event)) root = above;
    const numbers = new Set([root.number]);
    // A reply comes after what it replies to.
    const later = [...shelf.newest()].toReversed().filter(({ number }) => number > root.number);
    for (const { number, cause } of later) if (cause && numbers.has(cause.event)) numbers.add(number);
    return [root, ...later.filter(({ number }) => numbers.has(number))];
  }

  return {
    event: (event, origin) => enter(event, origin),
    refused: (event, origin, refusal) => void enter(event, origin, { refusal }),
    list({ before, limit, ...query }) {
      const found: EventSummary[] = [];
      for (const entry of shelf.newest(before)) {
        if (found.length >= limit) break;
        if (fits(entry, query)) found.push(summaryOf(entry, correlation));
      }
      return found;
    },
    find(number) {
      const entry = shelf.get(number);
      return entry && recordOf(entry);
    },
    summary(number) {
      const entry = shelf.get(number);
      return entry && summaryOf(entry, correlation);
    },
    original: (number) => shelf.get(number),
    chain(number) {
      const entry = shelf.get(number);
      if (!entry) return [];
      const value = correlation === undefined ? undefined : entry.event.attributes.get(correlation);
      if (value === undefined) return related(entry).map(recordOf);
      const all = [...shelf.newest()].filter(({ event }) => event.attributes.get(correlation!) === value);
      return all.toReversed().map(recordOf);
    },
    follow(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

function fits(
  { event: { attributes }, refusal, deliveries }: JournalEntry,
  { name, value, state }: Omit<Query, 'before' | 'limit'>,
): boolean {
  if (state === 'refused' ? !refusal : state && !deliveries.some((delivery) => delivery.state === state)) return false;
  if (value === undefined) return name === undefined || attributes.has(name);
  if (name !== undefined) return attributes.get(name) === value;
  return [...attributes.values()].some((each) => each.includes(value));
}
