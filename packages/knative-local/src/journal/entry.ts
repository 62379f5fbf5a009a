import type { CloudEvent } from '../broker/event.ts';
import type { Origin, Refusal } from '../broker/observer.ts';
import type { DeliveryRecord, EventRecord, EventSummary } from './record.ts';

/** An event as the journal keeps it: whatever can be derived is derived when somebody asks. */
export interface JournalEntry {
  number: number;
  time: number;
  origin: Origin;
  event: CloudEvent;
  cause?: { event: number; trigger: string };
  refusal?: Refusal;
  deliveries: DeliveryRecord[];
}

/** Roughly what an entry weighs, in bytes. */
export function weightOf({ attributes, data }: CloudEvent): number {
  let bytes = 500 + data.length;
  for (const [name, value] of attributes) bytes += name.length + value.length;
  return bytes;
}

export function recordOf({ event: { attributes, data }, origin, ...rest }: JournalEntry): EventRecord {
  return { ...rest, origin: nameOf(origin), attributes: Object.fromEntries(attributes), bytes: data.length };
}

/** @param correlation the attribute that events of one chain share */
export function summaryOf(
  { number, time, origin, event, refusal, deliveries }: JournalEntry,
  correlation?: string,
): EventSummary {
  const value = correlation === undefined ? undefined : event.attributes.get(correlation);
  return {
    number,
    time,
    origin: nameOf(origin),
    type: event.attributes.get('type') ?? '',
    id: event.attributes.get('id') ?? '',
    ...(value !== undefined && { correlation: value }),
    ...(refusal && { refused: refusal.status }),
    deliveries: deliveries.map(({ trigger, state, attempts, end }) => ({
      trigger,
      state,
      attempts: attempts.length,
      ...(end !== undefined && { end }),
    })),
  };
}

function nameOf(origin: Origin): string {
  return 'broker' in origin ? `broker ${origin.broker}` : `ping ${origin.ping}`;
}
