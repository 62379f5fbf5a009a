import type { Clock } from '@darkroom/shared/clock';
import type { MailOutcome } from './outcome.ts';

/** What SendGrid's library throws, as far as it is used: an error of its own, of axios or of Node. */
export interface SendGridFailure {
  /** The status, or one of Node's codes if no response came. */
  code?: number | string;
  isAxiosError?: boolean;
  response?: { headers?: Record<string, unknown>; body?: { errors?: { field?: unknown }[] } };
}

/** Codes of Node for failures before anything was sent: no address, no connection, no trust. */
const nothingSent =
  /^(ECONNREFUSED|ENOTFOUND|EAI_\w+|EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL|EPROTO)$|CERT|TLS|SSL|SIGNED|UNABLE_TO/;

export function classifyFailure({ code, isAxiosError, response }: SendGridFailure, clock: Clock): MailOutcome {
  const answer = `SendGrid answered ${code ?? 'nothing'}`;
  if (typeof code !== 'number') {
    if (code === undefined && !isAxiosError) return { kind: 'misconfigured', answer: 'the SendGrid library refused the mail' };
    return { kind: nothingSent.test(code ?? '') ? 'busy' : 'unsure', answer };
  }
  if (code === 413) return { kind: 'contentRefused', answer };
  if (code === 400) {
    const fields = (response?.body?.errors ?? []).map(({ field }) => String(field));
    if (fields.some((field) => /^(from|reply_to)/.test(field))) return { kind: 'misconfigured', answer: `${answer}: the sender` };
    return { kind: fields.some((field) => /^(attachments|content)/.test(field)) ? 'contentRefused' : 'addressRefused', answer };
  }
  const retryAfterSeconds = secondsUntil(response?.headers?.['retry-after'], clock);
  if (code === 408 || code === 429 || code >= 500)
    return { kind: 'busy', answer, ...(retryAfterSeconds !== undefined && { retryAfterSeconds }) };
  return { kind: 'misconfigured', answer };
}

/** Retry-After is a number of seconds or a date (RFC 9110, 10.2.3). */
function secondsUntil(header: unknown, clock: Clock): number | undefined {
  if (typeof header !== 'string') return undefined;
  const seconds = /^\d+$/.test(header) ? Number(header) : (Date.parse(header) - clock.now()) / 1000;
  return Number.isNaN(seconds) ? undefined : Math.max(0, seconds);
}
