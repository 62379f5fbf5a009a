import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../log.ts';
import type { DeliverySpec } from '../manifest/topology.ts';
import { attempt, type Message, type Outcome } from './attempt.ts';
import { describe, withAttributes } from './event.ts';
import type { Subscriber } from './subscriber.ts';

type Failure = Extract<Outcome, { result: 'failed' }>;

export interface Delivery {
  message: Message;
  subscriber: Subscriber;
  deadLetterSink?: Subscriber | undefined;
  rules: DeliverySpec;
  /** Takes a reply in. Answers why, where it refuses. */
  reply: (message: Message) => Failure | undefined;
  log: Log;
  /** Ends waiting, between attempts and for a turn; an attempt under way is finished. */
  signal: AbortSignal;
}

/** Delivers one event to one subscriber: tries, tries again, and hands what cannot be delivered to the dead letter sink. */
export async function deliver(delivery: Delivery): Promise<void> {
  const { message, subscriber, deadLetterSink, rules, reply, log, signal } = delivery;
  const outcome = await persist(delivery, subscriber);
  if (signal.aborted && outcome?.result !== 'delivered') return;
  const failure = outcome?.result === 'delivered' ? outcome.reply && reply(outcome.reply) : outcome;
  if (!failure) return;

  const lost = `${describe(message.event)} could not be delivered to ${subscriber.name} (${failure.reason})`;
  if (!deadLetterSink) return log('broker', `${lost}; there is no dead letter sink, so it is dropped`);
  log('broker', `${lost}; goes to the dead letter sink ${deadLetterSink.name}`);
  const letter = { event: withAttributes(message.event, errorAttributes(subscriber, failure)), headers: message.headers };
  const last = await persist({ ...delivery, message: letter, rules }, deadLetterSink, true);
  if (last?.result === 'failed' && !signal.aborted)
    log('broker', `${lost}; the dead letter sink ${deadLetterSink.name} failed too (${last.reason}), so it is dropped`);
}

/** @param asDeadLetter a sink's own reply is ignored, whatever it is */
async function persist(
  { message, rules, log, signal }: Delivery,
  subscriber: Subscriber,
  asDeadLetter = false,
): Promise<Outcome | undefined> {
  const attempts = rules.retry + 1;
  for (let number = 1; ; number += 1) {
    const outcome = await attempt(message, subscriber, rules.timeout, signal);
    if (signal.aborted && outcome.result === 'failed') return undefined;
    if (outcome.result === 'delivered') return outcome;
    if (asDeadLetter && outcome.code === undefined) return { result: 'delivered' };
    if (!outcome.retriable || number >= attempts) return outcome;
    const pause = rules.backoffDelay * (rules.backoffPolicy === 'linear' ? number : 2 ** (number - 1));
    log(
      'broker',
      `${describe(message.event)} to ${subscriber.name} failed (${outcome.reason}); attempt ${number} of ${attempts}, again in ${pause / 1000} s`,
    );
    await sleep(pause, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return undefined;
  }
}

const errorDataLength = 1024;

function errorAttributes({ url }: Subscriber, { code, body }: Failure): Record<string, string | undefined> {
  if (code === undefined) return {};
  const data = body?.toString('base64').slice(0, errorDataLength);
  return { knativeerrordest: url, knativeerrorcode: String(code), knativeerrordata: data || undefined };
}
