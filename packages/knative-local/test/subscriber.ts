import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { onTestFinished } from 'vitest';
import type { Subscriber } from '../src/broker/subscriber.ts';

export interface Received {
  method: string | undefined;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

export interface TestSubscriber {
  url: string;
  received: Received[];
  /** Events of the type `probe`, which are no part of any test. */
  probes: Received[];
}

/** The type of events that only find out whether Triggers are in effect. */
export const probe = 'conformance.probe';

/** The name or address by which a broker on another machine reaches this one. */
const remote = process.env['CONFORMANCE_SINK'];

type Respond = (response: ServerResponse, received: Received, number: number) => void;

/** A real HTTP server that records what it is sent, and answers 204 unless told otherwise. Ends with the test. */
export async function startSubscriber(answer: Respond = (response) => response.writeHead(204).end()): Promise<TestSubscriber> {
  const received: Received[] = [];
  const probes: Received[] = [];
  const server = createServer((request, response) => {
    // The test may end before the request does.
    record(request, response).catch(() => response.destroy());
  });
  async function record(request: IncomingMessage, response: ServerResponse) {
    const one = await read(request);
    if (one.headers['ce-type'] === probe) {
      probes.push(one);
      return response.writeHead(204).end();
    }
    received.push(one);
    answer(response, one, received.length);
  }
  await new Promise<void>((resolve) => server.listen(0, remote ? '0.0.0.0' : '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const address = server.address();
  return {
    url: `http://${remote || '127.0.0.1'}:${typeof address === 'object' && address ? address.port : 0}/`,
    received,
    probes,
  };
}

async function read(request: IncomingMessage): Promise<Received> {
  return { method: request.method, headers: request.headers, body: Buffer.concat((await request.toArray()) as Buffer[]) };
}

/** Answers with an event in binary mode. */
export function replyWith(response: ServerResponse, attributes: Record<string, string>, body: string | Buffer = ''): void {
  response.writeHead(200, binary(attributes)).end(body);
}

/** The headers of an event in binary mode, with what is required filled in. */
export function binary({ datacontenttype, ...attributes }: Record<string, string>): Record<string, string> {
  const all = { specversion: '1.0', id: 'one', source: '/test', type: 'test', ...attributes };
  const headers = Object.fromEntries(Object.entries(all).map(([name, value]) => [`ce-${name}`, value]));
  return { ...headers, ...(datacontenttype !== undefined && { 'content-type': datacontenttype }) };
}

/** A destination as the broker knows it: where it is called, and how many turns it has given and got back. */
export interface TestDestination extends Subscriber {
  given: number;
  returned: number;
}

/** @param origin without one, the turn never comes */
export function destination(origin?: string, headers?: Record<string, string>): TestDestination {
  return {
    name: 'somebody',
    url: 'http://somebody.in.the.cluster',
    ...(headers && { headers }),
    given: 0,
    returned: 0,
    turn(signal) {
      this.given += 1;
      signal.throwIfAborted();
      if (origin !== undefined) return Promise.resolve({ origin, release: () => void (this.returned += 1) });
      return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('stopped'))));
    },
  };
}
