import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface ReceivedCall {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

/** What calls a webhook's target gets; by default, 204. */
type Behaviour = (call: ReceivedCall, response: ServerResponse) => void;

export interface Receiver {
  url: string;
  port: number;
  calls: ReceivedCall[];
  behaviour: Behaviour;
  close(): Promise<void>;
}

interface Where {
  host?: string;
  port?: number;
  /** In PEM. */
  tls?: { key: string; cert: string };
}

/** Somebody's server that awaits webhooks. */
export async function startReceiver({ host = '127.0.0.1', port = 0, tls }: Where = {}): Promise<Receiver> {
  const take = async (request: IncomingMessage, response: ServerResponse) => {
    const { method = '', url = '', headers } = request;
    const call = { method, path: url, headers, body: await text(request) };
    receiver.calls.push(call);
    receiver.behaviour(call, response);
  };
  const listener = (request: IncomingMessage, response: ServerResponse) =>
    void take(request, response).catch(() => response.destroy());
  const server = tls ? createSecureServer(tls, listener) : createServer(listener);
  server.listen(port, host);
  await once(server, 'listening');
  const own = (server.address() as AddressInfo).port;
  const receiver: Receiver = {
    url: `${tls ? 'https' : 'http'}://${host}:${own}`,
    port: own,
    calls: [],
    behaviour: (_call, response) => response.writeHead(204).end(),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return receiver;
}
