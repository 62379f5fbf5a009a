import { isPlainAddress, longestAddress } from '@darkroom/shared/job/address';
import { Rejected } from '@darkroom/shared/errors';

/** At least two labels, the last of which is no number: mail to a bare host or an IP address goes nowhere from here. */
const publicDomain = /@.+\.(?!\d+$)[^.]+$/;

/**
 * Exactly one plain address. Quoted names, lists, comments and line breaks are valid in mail headers, and each of them is
 * a way to reach somebody else; nobody needs them here.
 * @throws Rejected with status 400, which says what is wrong
 */
export function readAddress(text: string | undefined): string {
  const address = (text ?? '').replace(/^ +| +$/g, '');
  if (address === '') throw fault('No e-mail address was given. Say where the prints should go, in the field “email”.');
  if (address.length > longestAddress) throw fault(`The e-mail address is longer than ${longestAddress} characters.`);
  if (/[\s\p{Cc}]/u.test(address))
    throw fault('There is a space or a line break in the e-mail address. (In a URL, + is written as %2B.)');
  if (/[,;<>"]/.test(address)) throw fault('Give exactly one plain e-mail address, without a name, brackets, quotes or commas.');
  if (!isPlainAddress(address) || !publicDomain.test(address))
    throw fault('This is not an e-mail address that mail can be sent to. Give one like ada@example.org.');
  return address;
}

const fault = (message: string) => new Rejected(message, { status: 400 });
