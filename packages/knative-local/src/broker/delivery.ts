import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import type { DeliverySpec } from '../manifest/topology.ts';
import { attempt, type DeliveryFailure, type DeliveryOutcome, type Message } from './attempt.ts';
import { describe, withAttributes } from './event.ts';
import type { ObservedDelivery } from './observer.ts';
import type { Subscriber } from './subscriber.ts';

export interface Delivery {
  message: Message;
  subscriber: Subscriber;
  deadLetterSink?: Subscriber | undefined;
  rules: DeliverySpec;
  /** Accepts a reply, or says why not. */
  reply: (message: Message) => DeliveryFailure | undefined;
  observed: ObservedDelivery;
  log: Log;
  clock: Clock;
  /** Ends all waiting, between attempts and for a turn. An attempt under way is finished. */
  signal: AbortSignal;
}

/** Delivers one event to one subscriber, with retries. What cannot be delivered goes to the dead letter sink. */
export async function deliver(delivery: Delivery): Promise<void> {
  const { message, subscriber, deadLetterSink, reply, observed, log } = delivery;
  const outcome = await retry(delivery, subscriber);
  const failure = outcome?.result === 'delivered' ? outcome.reply && reply(outcome.reply) : outcome;
  if (!failure) return observed.end(outcome ? 'delivered' : 'stopped');

  const lost = `${describe(message.event)} could not be delivered to ${subscriber.name} (${failure.reason})`;
  warnOfLongBody(delivery, failure);
  if (!deadLetterSink) {
    observed.end('lost', failure.reason);
    return log('broker', `${lost}; there is no dead letter sink, so it is dropped`);
  }
  log('broker', `${lost}; goes to the dead letter sink ${deadLetterSink.name}`);
  const deadLetter = { ...message, event: withAttributes(message.event, errorAttributes(subscriber, failure)) };
  const last = await retry({ ...delivery, message: deadLetter }, deadLetterSink, true);
  observed.end(last ? (last.result === 'delivered' ? 'dead letter' : 'lost') : 'stopped', failure.reason);
  if (last?.result === 'failed')
    log('broker', `${lost}; the dead letter sink ${deadLetterSink.name} failed too (${last.reason}), so it is dropped`);
}

/** Resolves with undefined if the broker stops first. */
async function retry(
  { message, rules, observed, log, clock, signal }: Delivery,
  subscriber: Subscriber,
  ignoreReply = false,
): Promise<DeliveryOutcome | undefined> {
  const attempts = rules.retry + 1;
  for (let number = 1; ; number += 1) {
    const ended = observed.attempt(subscriber.name);
    const outcome = await attempt({ message, subscriber, timeout: rules.timeout, clock, signal, ignoreReply });
    if (signal.aborted && outcome.result === 'failed') {
      ended(undefined);
      return undefined;
    }
    if (outcome.result === 'delivered' || !outcome.retriable || number >= attempts) {
      ended(outcome);
      return outcome;
    }
    const pause = backoff(rules, number);
    ended(outcome, pause);
    log(
      'broker',
      `${describe(message.event)} to ${subscriber.name} failed (${outcome.reason}); attempt ${number} of ${attempts}, again in ${pause / 1000} s`,
    );
    try {
      await clock.sleep(pause, signal);
    } catch {
      return undefined;
    }
  }
}

/** Knative counts from 0: the first linear retry comes at once, the second after the delay, the third after twice the delay. */
function backoff({ backoffPolicy, backoffDelay }: DeliverySpec, attempts: number): number {
  return backoffDelay * (backoffPolicy === 'linear' ? attempts - 1 : 2 ** (attempts - 1));
}

const errorDataLength = 1024;

function errorAttributes({ url }: Subscriber, { error }: DeliveryFailure): Record<string, string> {
  if (!error) return {};
  return {
    knativeerrordest: error.destination ?? url,
    knativeerrorcode: String(error.code),
    knativeerrordata: error.body.toString('base64').slice(0, errorDataLength),
  };
}

/** Here a long body is merely cut. In a cluster it would crash the dispatcher of all in-memory channels, which lose what they hold. */
function warnOfLongBody({ message, subscriber, log }: Delivery, { error }: DeliveryFailure): void {
  const most = (errorDataLength / 4) * 3;
  if (error && error.body.length > most)
    log(
      'broker',
      `${describe(message.event)}: ${subscriber.name} failed with a body of ${error.body.length} bytes. Keep it to ${most}: more crashes the dispatcher of Knative's in-memory channels`,
    );
}
