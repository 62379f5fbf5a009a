import type { Clock } from '../clock.ts';
import { explain } from '../errors.ts';
import { claimsToBeEvent, passedOn, readEvent, toHeaders } from './binding.ts';
import { NoAnswerInTime, post, type SubscriberResponse } from './dispatch.ts';
import type { CloudEvent } from './event.ts';
import type { Subscriber } from './subscriber.ts';

export interface Message {
  event: CloudEvent;
  /** Headers that travel along. */
  headers: Record<string, string>;
}

/** What a dead letter says about the failure. */
export interface DeliveryError {
  /** Who refused it, if not the subscriber. */
  destination?: string;
  code: number;
  body: Buffer;
}

export interface DeliveryFailure {
  result: 'failed';
  retriable: boolean;
  /** The status that the subscriber answered with, if it did. */
  status?: number;
  /** For the log. */
  reason: string;
  /** Absent where Knative says nothing either: after an unreadable reply, and after a timeout. */
  error?: DeliveryError;
}

export type DeliveryOutcome = { result: 'delivered'; status: number; reply?: Message } | DeliveryFailure;

export interface Attempt {
  message: Message;
  subscriber: Subscriber;
  /** Milliseconds. */
  timeout: number;
  clock: Clock;
  signal: AbortSignal;
  /** Any 2xx will do, whatever its body: no event is expected in reply. */
  ignoreReply?: boolean;
}

/** Retried besides 5xx and network errors: not there yet, too slow, in conflict, too busy. Any other 4xx will not get better. */
const retriableStatus = new Set([404, 408, 409, 429]);

/** Calls a subscriber once, in binary mode, and interprets the response by Knative's data plane contract. */
export async function attempt({ message, subscriber, timeout, clock, signal, ignoreReply }: Attempt): Promise<DeliveryOutcome> {
  const { origin, release } = await subscriber
    .turn(signal)
    .catch((cause: unknown) => ({ origin: explain(cause), release: undefined }));
  // What Knative's activator answers if no process came up in time.
  if (!release) return failed(origin, { code: 503, body: Buffer.from(origin) });
  try {
    const headers = {
      ...message.headers,
      ...toHeaders(message.event),
      ...subscriber.headers,
      ...(!ignoreReply && { prefer: 'reply' }),
    };
    const response = await post({ url: origin, headers, body: message.event.data, timeout, clock });
    if (response.status < 200 || response.status >= 300) return rejected(response);
    return ignoreReply ? { result: 'delivered', status: response.status } : readReply(response, message);
  } catch (error) {
    if (error instanceof NoAnswerInTime) return failed(error.message);
    const reason = explain(error);
    return failed(reason, { code: 500, body: Buffer.from(`dispatch error: ${reason}`) });
  } finally {
    release();
  }
}

function failed(reason: string, error?: DeliveryError): DeliveryFailure {
  return { result: 'failed', retriable: true, reason, ...(error && { error }) };
}

function rejected({ status, body }: SubscriberResponse): DeliveryFailure {
  const text = body.toString('utf8', 0, 200).replace(/\s+/g, ' ').trim();
  const reason = text ? `${status} ${text}` : `${status}`;
  return { ...failed(reason, { code: status, body }), status, retriable: status >= 500 || retriableStatus.has(status) };
}

function readReply({ status, headers, body }: SubscriberResponse, message: Message): DeliveryOutcome {
  if (!claimsToBeEvent(headers)) {
    if (body.length === 0) return { result: 'delivered', status };
    return { ...failed('502 the response has a body and is not a CloudEvent'), status };
  }
  try {
    return {
      result: 'delivered',
      status,
      reply: { event: readEvent(headers, body), headers: { ...message.headers, ...passedOn(headers) } },
    };
  } catch (error) {
    return { ...failed(`502 the response is a malformed CloudEvent: ${explain(error)}`), status };
  }
}
