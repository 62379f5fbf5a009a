import { Rejected } from '@darkroom/shared/errors';

/** RFC 5321, 4.5.3.1: 254 is what fits into a path of 256 with its brackets. */
const longest = 254;
/** A dot-atom of RFC 5322 without the backtick, and no dash first: mail programs take that for an option. */
const mailbox = /^(?!-)[\w!#$%&'*+/=?^{|}~-]+(\.[\w!#$%&'*+/=?^{|}~-]+)*$/;
const label = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i;

/**
 * Exactly one plain address. Quoted names, lists, comments and line breaks are valid in mail headers, and each of them is
 * a way to reach somebody else; nobody needs them here.
 * @throws Rejected with status 400
 */
export function readAddress(text: string | undefined): string {
  const address = (text ?? '').replace(/^ +| +$/g, '');
  if (address === '') throw fault('No e-mail address was given. Say where the prints should go, in the field “email”.');
  if (address.length > longest) throw fault(`The e-mail address is longer than ${longest} characters.`);
  if (/[\s\p{Cc}]/u.test(address))
    throw fault('The e-mail address contains a space or a line break. Give exactly one, like ada@example.org.');
  if (/[,;<>"]/.test(address))
    throw fault('Give exactly one plain e-mail address, like ada@example.org, without a name, brackets, quotes or commas.');
  const parts = address.split('@');
  if (parts.length !== 2) throw fault('The e-mail address must contain one @, as in ada@example.org.');
  const [local, domain] = parts as [string, string];
  if (!mailbox.test(local) || local.length > 64)
    throw fault('The part before the @ is not one that mail can be sent to. Give an address like ada@example.org.');
  const labels = domain.split('.');
  if (labels.length < 2 || !labels.every((part) => label.test(part)) || /^\d+$/.test(labels.at(-1)!))
    throw fault('The part after the @ is not the name of a mail domain. Give an address like ada@example.org.');
  return address;
}

const fault = (message: string) => new Rejected(message, { status: 400 });
