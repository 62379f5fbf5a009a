import { isPlainAddress } from '@darkroom/shared/job/address';
import { Misconfigured } from '@darkroom/shared/errors';
import { type Send, Undeliverable } from './letter.ts';
import type { Settings } from './settings.ts';

/** The way out that MAIL_TRANSPORT names. Its library is loaded with the first mail: a cold start need not wait for it. */
export function openTransport(settings: Settings): Send {
  const send = settings.MAIL_TRANSPORT === 'sendgrid' ? sendgrid(settings) : smtp(settings);
  return async (letter) => {
    if (!isPlainAddress(letter.to)) throw new Undeliverable('The address is not one plain e-mail address.');
    await send(letter);
  };
}

function smtp({ SMTP_URL }: Settings): Send {
  if (SMTP_URL === undefined)
    throw new Misconfigured('Settings are wrong: SMTP_URL is missing. Set it, or MAIL_TRANSPORT=sendgrid, and start again.');
  let send: Send | undefined;
  return async (letter) => {
    send ??= (await import('./smtp.ts')).openSmtp(SMTP_URL);
    await send(letter);
  };
}

function sendgrid({ SENDGRID_API_KEY, SENDGRID_URL }: Settings): Send {
  if (SENDGRID_API_KEY === undefined)
    throw new Misconfigured('Settings are wrong: MAIL_TRANSPORT=sendgrid needs SENDGRID_API_KEY. Set it and start again.');
  return async (letter) => (await import('./sendgrid.ts')).sendBySendGrid(SENDGRID_URL, SENDGRID_API_KEY, letter);
}
