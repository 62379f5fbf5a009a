import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { foreignness, refuse } from '../foreign.ts';
import { limits } from '../limits.ts';
import { shows } from '../token.ts';
import { namespace } from './address.ts';
import { passedOn, readEvent } from './binding.ts';
import type { Brokers } from './broker.ts';
import { NotAnEvent } from './event.ts';

/**
 * The Brokers' address: POST /<namespace>/<broker>.
 * @param token what publishers must show
 */
export function createIngress(brokers: Pick<Brokers, 'publish'>, token?: string): RequestListener {
  return (request, response) => {
    const foreign = foreignness(request);
    if (foreign !== undefined) return refuse(response, foreign);
    receive(request, response, brokers, token).catch(() => response.destroy());
  };
}

async function receive(
  request: IncomingMessage,
  response: ServerResponse,
  brokers: Pick<Brokers, 'publish'>,
  token: string | undefined,
): Promise<void> {
  const respond = (status: number, reason = '', headers: Record<string, string> = {}) => {
    // An unread body would be taken for the next request.
    if (!request.complete) headers['connection'] = 'close';
    response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(reason) }).end(reason);
    request.resume();
  };
  const allow = { allow: 'POST, OPTIONS' };
  if (request.method === 'OPTIONS') return respond(200, '', { ...allow, 'webhook-allowed-origin': '*' });
  if (request.method !== 'POST') return respond(405, '', allow);

  if (request.url === '/') return respond(404);
  const segments = request.url!.replace(/\/$/, '').slice(1).split('/');
  const [space, broker] = segments;
  if (segments.length !== 2 || !space || !broker) return respond(400, 'The path must be /<namespace>/<broker>');
  if (space !== namespace) return respond(404, `There is no namespace ${space}; it is ${namespace}`);

  if (!shows(token, request.headers))
    return respond(401, 'Only functions that this runtime has started may publish here', { 'www-authenticate': 'Bearer' });

  const body = await readBody(request);
  if (!body) return respond(413, `An event may have up to ${limits.eventBytes} bytes. Pass a reference instead of the data.`);
  try {
    const refusal = brokers.publish(broker, { event: readEvent(request.headers, body), headers: passedOn(request.headers) });
    if (!refusal) return respond(202);
    return respond(refusal.status, refusal.reason, refusal.status === 503 ? { 'retry-after': '1' } : {});
  } catch (error) {
    if (error instanceof NotAnEvent) return respond(400, error.message);
    throw error;
  }
}

async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > limits.eventBytes) return undefined;
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limits.eventBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
