import { domainToASCII } from 'node:url';
import type { Clock } from '@darkroom/shared/clock';
import { Misconfigured } from '@darkroom/shared/errors';
import { isPlainAddress } from '@darkroom/shared/job/address';
import type { Send } from './handover.ts';
import type { Settings } from './settings.ts';

/** The transport that MAIL_TRANSPORT names. Its library is loaded with the first mail, so that a cold start need not wait for it. */
export function openTransport(settings: Settings, clock: Clock): Send {
  const load = settings.MAIL_TRANSPORT === 'sendgrid' ? sendgrid(settings, clock) : smtp(settings, clock);
  let loaded: Promise<Send> | undefined;
  return async (mail, handover) => {
    const to = asciiAddress(mail.to);
    if (!isPlainAddress(to)) return { kind: 'addressRefused', answer: 'not one plain e-mail address' };
    const send = await (loaded ??= load());
    return send({ ...mail, to }, handover);
  };
}

function smtp({ SMTP_URL: url }: Settings, clock: Clock): () => Promise<Send> {
  if (url === undefined)
    throw new Misconfigured('Settings are wrong: SMTP_URL is missing. Set it, or MAIL_TRANSPORT=sendgrid, and start again.');
  return async () => (await import('./smtp.ts')).openSmtp(url, clock);
}

function sendgrid({ SENDGRID_API_KEY: key, SENDGRID_URL: url }: Settings, clock: Clock): () => Promise<Send> {
  if (key === undefined)
    throw new Misconfigured('Settings are wrong: MAIL_TRANSPORT=sendgrid needs SENDGRID_API_KEY. Set it and start again.');
  return async () => (await import('./sendgrid.ts')).openSendGrid(url, key, clock);
}

/** An internationalised domain in the form that every mail server accepts: user@müller.de becomes user@xn--mller-kva.de (UTS 46). */
function asciiAddress(address: string): string {
  const at = address.lastIndexOf('@');
  const domain = address.slice(at + 1);
  return /[^\0-\x7f]/.test(domain) ? `${address.slice(0, at)}@${domainToASCII(domain)}` : address;
}
