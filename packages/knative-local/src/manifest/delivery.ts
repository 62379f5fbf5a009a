import type * as v from 'valibot';
import { limits } from '../limits.ts';
import type { delivery, destination } from './schema.ts';
import type { DeliverySpec, Destination } from './topology.ts';

type Written = v.InferOutput<typeof delivery> | undefined;

/** Knative's defaults for a Broker whose manifest says nothing. */
const builtIn = { retry: 10, backoffPolicy: 'exponential', backoffDelay: 200, timeout: limits.deliveryTime } as const;

export function brokerDelivery(written: Written): DeliverySpec {
  return written ? complete(written) : { ...builtIn };
}

/** If a Trigger has its own delivery spec, retries, back-off and timeout come only from there. The dead letter sink falls back to the Broker's. */
export function triggerDelivery(written: Written, broker: DeliverySpec): DeliverySpec {
  if (!written) return broker;
  return { ...(broker.deadLetterSink && { deadLetterSink: broker.deadLetterSink }), ...complete(written) };
}

function complete({ retry = 0, backoffPolicy, backoffDelay, timeout, deadLetterSink }: NonNullable<Written>): DeliverySpec {
  return {
    retry,
    backoffPolicy: backoffPolicy ?? builtIn.backoffPolicy,
    // Knative waits only if both are set.
    backoffDelay: (backoffPolicy && backoffDelay) ?? 0,
    timeout: timeout ?? builtIn.timeout,
    ...(deadLetterSink && { deadLetterSink: toDestination(deadLetterSink) }),
  };
}

export function toDestination({ ref, uri }: v.InferOutput<typeof destination>): Destination {
  if (!ref) return { url: uri! };
  return ref.kind === 'Broker' ? { broker: ref.name } : { service: ref.name };
}
