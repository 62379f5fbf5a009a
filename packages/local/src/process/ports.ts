import { createServer } from 'node:net';
import { Misconfigured } from '@darkroom/shared/errors';

/** Ports that were handed out and may not be taken yet: the kernel would hand them out again. */
const given = new Set<number>();

/** A loopback port that nobody listens on. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = await probe(0);
    if (given.has(port)) continue;
    given.add(port);
    return port;
  }
}

/**
 * The port that a setting asks for, or any free one for 0.
 * @throws Misconfigured where another program has it
 */
export async function settledPort(setting: string, port: number): Promise<number> {
  if (port === 0) return freePort();
  try {
    return await probe(port);
  } catch (error) {
    throw portTaken(setting, port, error);
  }
}

export function portTaken(setting: string, port: number, cause: unknown): Error {
  const { code } = cause as NodeJS.ErrnoException;
  const instead = `${setting}=${port < 65_535 ? port + 1 : port - 1} npm start`;
  if (code === 'EADDRINUSE')
    return new Misconfigured(`Port ${port} is taken by another program. Stop it, or choose another: ${instead}`, { cause });
  if (code === 'EACCES')
    return new Misconfigured(
      `Port ${port} needs more rights than you have. Choose one above 1023: ${setting}=${port + 8000} npm start`,
      { cause },
    );
  return new Misconfigured(`${setting}=${port} cannot be listened on.`, { cause });
}

function probe(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : port));
    });
  });
}
