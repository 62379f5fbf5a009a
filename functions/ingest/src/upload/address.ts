import { domainToASCII } from 'node:url';
import { isPlainAddress, longestAddress } from '@darkroom/shared/job/address';
import { Rejected } from '@darkroom/shared/errors';

/** At least two labels, the last not a number: mail to a bare host or an IP address goes nowhere from here. */
const publicDomain = /@.+\.(?!\d+$)[^.]+$/;

/** Spaces, line ends and zero-width marks, which come invisibly with pasted text. */
const invisible = String.raw`[\s\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]`;
const clinging = new RegExp(`^(?:${invisible}|mailto:|<)+|(?:${invisible}|[>.,;])+$`, 'giu');

/**
 * Reads exactly one plain address, trimmed of what comes with pasting, and with its domain in DNS form: user@müller.de becomes
 * user@xn--mller-kva.de (UTS 46). Quoted names, lists, comments and line breaks are valid in mail headers, but each is a way to reach
 * somebody else, and nobody needs them here.
 * @throws Rejected with status 400, saying what is wrong
 */
export function readAddress(text: string): string {
  const plain = text.replaceAll(clinging, '');
  if (plain === '') throw fault('No e-mail address was given. Say in the field “email” where the prints should go.');
  if (/[\s\p{Cc}]/u.test(plain))
    throw fault('There is a space or a line break in the e-mail address. (In a URL, + is written as %2B.)');
  if (/[\p{Cf}]/u.test(plain))
    throw fault('There is an invisible character in the e-mail address. Type it instead of pasting it.');
  if (/[,;<>"]/.test(plain)) throw fault('Give exactly one plain e-mail address, without a name, brackets, quotes or commas.');
  const [local = '', domain = ''] = splitAtLast(plain, '@');
  if (/[^\x21-\x7e]/.test(local))
    throw fault(
      'The part of the e-mail address before the @ has letters beyond A to Z, which not every mail server accepts. Give another address.',
    );
  const address = `${local}@${domainToASCII(domain)}`;
  if (address.length > longestAddress) throw fault(`The e-mail address is longer than ${longestAddress} characters.`);
  if (!isPlainAddress(address) || !publicDomain.test(address))
    throw fault('This is not an e-mail address that mail can be sent to. Give one like ada@example.org.');
  return address;
}

function splitAtLast(text: string, mark: string): [string, string] | [] {
  const place = text.lastIndexOf(mark);
  return place === -1 ? [] : [text.slice(0, place), text.slice(place + 1)];
}

const fault = (message: string) => new Rejected(message, { status: 400 });
