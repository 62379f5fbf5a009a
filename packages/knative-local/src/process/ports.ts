import { createServer } from 'node:net';
import { CannotStart } from '../errors.ts';

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
 * The port that the operator asks for, or any free one for 0.
 * @param another the command that chooses another port
 * @throws CannotStart where another program has it
 */
export async function settledPort(port: number, another: (port: number) => string): Promise<number> {
  if (port === 0) return freePort();
  try {
    return await probe(port);
  } catch (error) {
    throw portTaken(port, another, error);
  }
}

export function portTaken(port: number, another: (port: number) => string, cause: unknown): Error {
  const { code } = cause as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE')
    return new CannotStart(
      `Port ${port} is taken by another program. Stop it, or choose another: ${another(port < 65_535 ? port + 1 : port - 1)}`,
      { cause },
    );
  if (code === 'EACCES')
    return new CannotStart(`Port ${port} needs more rights than you have. Choose one above 1023: ${another(port + 8000)}`, {
      cause,
    });
  return new CannotStart(`Port ${port} cannot be listened on. Choose another: ${another(port < 65_535 ? port + 1 : port - 1)}`, {
    cause,
  });
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
