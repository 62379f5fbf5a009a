import type { IncomingMessage, ServerResponse } from 'node:http';
import { isIP } from 'node:net';

/**
 * Whether a request to this machine comes from another website, through a browser that runs here. Such a site can send requests to any
 * port, and read the responses if one of its own names resolves to this machine (DNS rebinding).
 * @returns why it is refused, in a sentence; undefined for a legitimate request
 */
export function foreignness({ headers }: IncomingMessage): string | undefined {
  const { host = '', origin, 'sec-fetch-site': site, 'sec-fetch-mode': mode } = headers;
  if (!isLocal(hostname(host))) return `This address is not called ${quoted(host)}. Use localhost.`;
  if (origin !== undefined && hostOf(origin) !== host.toLowerCase())
    return `Pages of ${quoted(origin)} may not ask here. Open this address in a tab of its own.`;
  // A link that a person follows is not a request by that site.
  if ((site === 'cross-site' || site === 'same-site') && mode !== 'navigate')
    return 'Pages of other websites may not ask here. Open this address in a tab of its own.';
  return undefined;
}

/**
 * The same check for an address that may have names: of all names in public DNS, only the listed ones are accepted.
 * @param names host names, in lower case
 */
export function misdirection({ headers: { host = '' } }: IncomingMessage, names: readonly string[]): string | undefined {
  const name = hostname(host);
  // Names without a dot, and those of multicast DNS, belong to the local network.
  if (isLocal(name) || isIP(name) || !name.includes('.') || name.endsWith('.local') || names.includes(name)) return undefined;
  return `This address is not known by the name ${quoted(name)}.`;
}

export function refuse(response: ServerResponse, detail: string): void {
  const problem = { type: 'about:blank', title: 'Forbidden', status: 403, detail };
  response.writeHead(403, { 'content-type': 'application/problem+json', connection: 'close' }).end(JSON.stringify(problem));
}

function isLocal(name: string): boolean {
  return name === 'localhost' || name.endsWith('.localhost') || name === '::1' || (isIP(name) === 4 && name.startsWith('127.'));
}

/** The name in a Host header, in lower case, without port, brackets and trailing dot. */
function hostname(host: string): string {
  const [, address, name = ''] = /^(?:\[([\da-f:.]+)\]|([^:]*))(?::\d*)?$/i.exec(host) ?? [];
  return (address ?? name).toLowerCase().replace(/\.$/, '');
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 100));
}
