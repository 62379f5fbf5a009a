import type { DeliveryEnd } from '../broker/delivery-end.ts';

/** What the journal tells of an event. Times are milliseconds since 1970, durations milliseconds. */
export interface EventRecord {
  /** In the order of arrival, from 1. */
  number: number;
  time: number;
  /** "broker default", or "ping sweep" for an event that a PingSource sent. */
  origin: string;
  attributes: Record<string, string>;
  /** The size of its data. */
  bytes: number;
  /** The delivery that it is the reply to. */
  cause?: { event: number; trigger: string };
  /** Why the Broker did not take it, by which HTTP status. */
  refusal?: { status: number; reason: string };
  deliveries: DeliveryRecord[];
}

/** A Trigger that matched, and what became of it. */
export interface DeliveryRecord {
  trigger: string;
  subscriber: string;
  state: 'under way' | DeliveryEnd;
  /** Why it did not arrive. */
  reason?: string;
  /** When it ended. */
  end?: number;
  attempts: AttemptRecord[];
}

/** One request to the subscriber, or to the dead letter sink. */
export interface AttemptRecord {
  destination: string;
  begun: number;
  /** Waiting for a turn included. Absent while it is under way. */
  duration?: number;
  /** The HTTP status, if there was an answer. */
  status?: number;
  /** Why it failed. */
  reason?: string;
  /** Until the next attempt. */
  wait?: number;
}

/** A line of the list of events. */
export interface EventSummary {
  number: number;
  time: number;
  origin: string;
  type: string;
  id: string;
  /** The value of the correlation attribute. */
  correlation?: string;
  /** The HTTP status by which the Broker refused it. */
  refused?: number;
  deliveries: { trigger: string; state: DeliveryRecord['state']; attempts: number; end?: number }[];
}
