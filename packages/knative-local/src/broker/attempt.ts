import { explain } from '../errors.ts';
import { claimsToBeEvent, passedOn, readEvent, toHeaders } from './binding.ts';
import { post } from './dispatch.ts';
import { type CloudEvent, NotAnEvent } from './event.ts';
import type { Subscriber } from './subscriber.ts';

export interface Message {
  event: CloudEvent;
  /** Headers that travel along. */
  headers: Record<string, string>;
}

export type DeliveryOutcome =
  | { result: 'delivered'; reply?: Message }
  /** `code` and `body` go onto the dead letter; a reply that could not be understood adds neither. */
  | { result: 'failed'; retriable: boolean; reason: string; code?: number; body?: Buffer };

/** Beyond 5xx and network errors: not there yet, too slow, in conflict, too busy. Every other 4xx will not get better. */
const retriableStatus = new Set([404, 408, 409, 429]);

/** Calls a subscriber once, in binary mode, and judges the response by Knative's data plane contract. */
export async function attempt(
  message: Message,
  subscriber: Subscriber,
  timeout: number,
  signal: AbortSignal,
): Promise<DeliveryOutcome> {
  const { origin, release } = await subscriber
    .lease(signal)
    .catch((cause: unknown) => ({ origin: explain(cause), release: undefined }));
  // The activator's own answer, where no process came up in time.
  if (!release) return { result: 'failed', retriable: true, reason: origin, code: 503, body: Buffer.from(origin) };
  try {
    const headers = { ...message.headers, ...toHeaders(message.event), prefer: 'reply' };
    const response = await post({ url: origin, headers, body: message.event.data, timeout });
    if (response.status < 200 || response.status >= 300) {
      const said = response.body.toString('utf8', 0, 200).replace(/\s+/g, ' ').trim();
      const retriable = response.status >= 500 || retriableStatus.has(response.status);
      return {
        result: 'failed',
        retriable,
        reason: said ? `${response.status} ${said}` : `${response.status}`,
        code: response.status,
        body: response.body,
      };
    }
    if (!claimsToBeEvent(response.headers)) {
      if (response.body.length === 0) return { result: 'delivered' };
      return { result: 'failed', retriable: true, reason: '502 the answer has a body and is not a CloudEvent' };
    }
    const event = readEvent(response.headers, response.body);
    return { result: 'delivered', reply: { event, headers: { ...message.headers, ...passedOn(response.headers) } } };
  } catch (error) {
    if (error instanceof NotAnEvent)
      return { result: 'failed', retriable: true, reason: `502 the answer is a malformed CloudEvent: ${error.message}` };
    return {
      result: 'failed',
      retriable: true,
      reason: explain(error),
      code: 500,
      body: Buffer.from(`dispatch error: ${explain(error)}`),
    };
  } finally {
    release();
  }
}
