import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What stands between broker and functions, where the runtime is started by chaos/main.ts. */
export interface Proxy {
  url: string;
  close(): void;
}

/** @param statusFor a delivery that gets a status ends here, with that as its answer; all others go on to their function */
export async function openProxy(
  statusFor: (subscriber: string, headers: IncomingHttpHeaders) => number | undefined,
): Promise<Proxy> {
  function pass(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const [subscriber, target] = incoming.url!.slice(1).split('/').map(decodeURIComponent) as [string, string];
    const status = statusFor(subscriber, incoming.headers);
    if (status !== undefined) {
      incoming.resume();
      return void outgoing.writeHead(status).end();
    }
    const { host: _, ...headers } = incoming.headers;
    const onwards = request(target, { method: 'POST', headers }, (answer) => {
      outgoing.writeHead(answer.statusCode!, answer.headers);
      answer.on('error', () => outgoing.destroy()).pipe(outgoing);
    });
    incoming.pipe(onwards.on('error', () => outgoing.destroy()));
  }

  const server = createServer(pass).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
