import { type AddressInfo, createServer } from 'node:net';
import { type Clock, systemClock } from '../clock.ts';
import { CannotStart } from '../errors.ts';
import { limits } from '../limits.ts';

/** Ports that were handed out but may not be bound yet: the kernel might hand them out again. */
const given = new Set<number>();

/** A free loopback port, and each time another. */
export async function freePort(any = () => probe(0)): Promise<number> {
  for (;;) {
    const port = await any();
    if (given.has(port)) continue;
    given.add(port);
    return port;
  }
}

/**
 * The port that the operator asked for, or any free one for 0.
 * @param another the command that chooses another port
 * @throws CannotStart if another program has it
 */
export async function settledPort(port: number, another: (port: number) => string, clock: Clock = systemClock): Promise<number> {
  if (port === 0) return freePort();
  try {
    return await whenFree(() => probe(port), clock);
  } catch (error) {
    throw portTaken(port, another, error);
  }
}

/** Takes a port, and waits a moment for it where somebody else still has it. */
export async function whenFree<Taken>(take: () => Promise<Taken>, clock: Clock = systemClock): Promise<Taken> {
  for (let waited = 0; ; waited += limits.portInterval) {
    try {
      return await take();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || waited >= limits.portWait) throw error;
      await clock.sleep(limits.portInterval);
    }
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
    return new CannotStart(`Port ${port} needs privileges that you do not have. Choose one above 1023: ${another(port + 8000)}`, {
      cause,
    });
  return new CannotStart(`Port ${port} cannot be used. Choose another: ${another(port < 65_535 ? port + 1 : port - 1)}`, {
    cause,
  });
}

function probe(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      const { port: bound } = server.address() as AddressInfo;
      server.close(() => resolve(bound));
    });
  });
}
