import type { Clock } from '@darkroom/shared/clock';
import { Rejected } from '@darkroom/shared/errors';
import { readTarget, type TargetSettings } from '@darkroom/shared/webhook/target';
import type { Message } from './message.ts';
import type { WebhookOutcome } from './outcome.ts';
import { post, type PostResponse } from './post.ts';
import { addressesOf, NotPublic } from './resolve.ts';
import { signatureHeaders } from './signature.ts';

export interface AttemptSettings extends TargetSettings {
  WEBHOOK_SECRET: readonly Buffer[];
  WEBHOOK_DNS?: readonly string[] | undefined;
}

/** Sends one message to one target. @throws the reason of `signal`, once that is aborted */
export type Attempt = (target: string, message: Message, signal: AbortSignal) => Promise<WebhookOutcome>;

/** Seconds for everything, from the name to the end of the answer. */
export const answerSeconds = 15;

const notPublic =
  'The address of the webhook leads to one that is not public. Post the photos again with one that can be reached from the Internet.';

export function openAttempt(settings: AttemptSettings, clock: Clock): Attempt {
  const { WEBHOOK_SECRET, WEBHOOK_DNS: servers, WEBHOOK_NETWORKS: allowed } = settings;

  return async (target, message, signal) => {
    const over = new AbortController();
    const late = new AbortController();
    clock.sleep(answerSeconds * 1000, over.signal).then(
      () => late.abort(),
      () => undefined,
    );
    const either = AbortSignal.any([signal, late.signal]);
    try {
      const url = readTarget(target, settings);
      const addresses = await addressesOf(url, { servers, allowed }, either);
      const signed = { ...message, timestamp: Math.floor(clock.now() / 1000) };
      const headers = {
        'content-type': 'application/json',
        'user-agent': 'Darkroom',
        ...signatureHeaders(WEBHOOK_SECRET, signed),
      };
      return outcomeOf(await post({ url, addresses, headers, body: message.body, signal: either }), clock);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof Rejected) return { kind: 'refused', reason: error.message };
      if (error instanceof NotPublic) return { kind: 'refused', reason: notPublic };
      if (late.signal.aborted) return { kind: 'failed', reason: `The webhook did not answer within ${answerSeconds} s.` };
      return { kind: 'failed', reason: `The webhook could not be reached (${codeOf(error)}).` };
    } finally {
      over.abort();
    }
  };
}

function outcomeOf({ status, retryAfter }: PostResponse, clock: Clock): WebhookOutcome {
  if (status >= 200 && status < 300) return { kind: 'delivered' };
  if (status === 410) return { kind: 'refused', reason: 'The webhook answered 410, that it is gone.' };
  const followed = status >= 300 && status < 400 ? ' Redirects are not followed: give the address that they lead to.' : '';
  const reason = `The webhook answered ${status}.${followed}`;
  const retryAfterSeconds = secondsUntil(retryAfter, clock);
  return { kind: 'failed', reason, ...(retryAfterSeconds !== undefined && { retryAfterSeconds }) };
}

/** Retry-After is a number of seconds or a date (RFC 9110, 10.2.3). */
function secondsUntil(header: string | undefined, clock: Clock): number | undefined {
  if (header === undefined) return undefined;
  const seconds = /^\d+$/.test(header) ? Number(header) : (Date.parse(header) - clock.now()) / 1000;
  return Number.isNaN(seconds) ? undefined : Math.max(0, seconds);
}

/** Node's code for what went wrong, without the words: they name addresses. */
function codeOf(error: unknown): string {
  const { code, errors } = error as NodeJS.ErrnoException & { errors?: NodeJS.ErrnoException[] };
  return code ?? errors?.[0]?.code ?? 'no answer';
}
