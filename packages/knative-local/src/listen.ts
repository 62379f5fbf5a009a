import { createServer, type Server, type ServerOptions } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { type Clock, systemClock } from './clock.ts';
import { within } from './within.ts';

export interface Listening {
  server: Server;
  port: number;
}

/** Binds a port before there is a handler: the handler may need to know the port. With a certificate, it speaks TLS. */
export function listen(
  port: number,
  host: string,
  options: ServerOptions & { key?: string; cert?: string } = {},
): Promise<Listening> {
  return new Promise((resolve, reject) => {
    const server = options.cert === undefined ? createServer(options) : createSecureServer(options);
    server.once('error', reject);
    server.listen(port, host, () => {
      server.removeListener('error', reject);
      const address = server.address();
      resolve({ server, port: typeof address === 'object' && address ? address.port : port });
    });
  });
}

/** Accepts no more connections, gives requests in flight `timeout` milliseconds to finish, then cuts them off. */
export async function close({ server }: Listening, timeout: number, clock: Clock = systemClock): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  await within(timeout, closed, clock);
  server.closeAllConnections();
}
