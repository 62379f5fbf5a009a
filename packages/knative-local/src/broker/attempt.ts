import { explain } from '../errors.ts';
import { claimsToBeEvent, passedOn, readEvent, toHeaders } from './binding.ts';
import { post } from './call.ts';
import { type Event, NotAnEvent } from './event.ts';
import type { Subscriber } from './subscriber.ts';

export interface Message {
  event: Event;
  /** Headers that travel along. */
  headers: Record<string, string>;
}

export type Outcome =
  | { result: 'delivered'; reply?: Message }
  /** `code` and `body` go onto the dead letter; a reply that could not be understood adds neither. */
  | { result: 'failed'; retriable: boolean; reason: string; code?: number; body?: Buffer };

/** Beyond 5xx and network errors: not there yet, too slow, in conflict, too busy. Every other 4xx will not get better. */
const retriableStatus = new Set([404, 408, 409, 429]);

/** Calls a subscriber once, in binary mode, and judges the answer by Knative's data plane contract. */
export async function attempt(message: Message, subscriber: Subscriber, timeout: number, signal: AbortSignal): Promise<Outcome> {
  const { origin, release } = await subscriber
    .lease(signal)
    .catch((cause: unknown) => ({ origin: explain(cause), release: undefined }));
  // The activator's own answer, where no process came up in time.
  if (!release) return { result: 'failed', retriable: true, reason: origin, code: 503, body: Buffer.from(origin) };
  try {
    const headers = { ...message.headers, ...toHeaders(message.event), ...subscriber.headers, prefer: 'reply' };
    const answer = await post({ url: origin, headers, body: message.event.data, timeout });
    if (answer.status < 200 || answer.status >= 300) {
      const said = answer.body.toString('utf8', 0, 200).replace(/\s+/g, ' ').trim();
      const retriable = answer.status >= 500 || retriableStatus.has(answer.status);
      return {
        result: 'failed',
        retriable,
        reason: said ? `${answer.status} ${said}` : `${answer.status}`,
        code: answer.status,
        body: answer.body,
      };
    }
    if (!claimsToBeEvent(answer.headers)) {
      if (answer.body.length === 0) return { result: 'delivered' };
      return { result: 'failed', retriable: true, reason: '502 the answer has a body and is not a CloudEvent' };
    }
    const event = readEvent(answer.headers, answer.body);
    return { result: 'delivered', reply: { event, headers: { ...message.headers, ...passedOn(answer.headers) } } };
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
