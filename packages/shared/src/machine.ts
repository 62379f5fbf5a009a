import { mkdtemp, rmdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Misconfigured } from './errors.ts';

/** The address that stands for every interface: `::`, or `0.0.0.0` where the kernel has no IPv6. */
export function everyInterface(): Promise<'::' | '0.0.0.0'> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve('0.0.0.0'));
    server.listen({ port: 0, host: '::' }, () => server.close(() => resolve('::')));
  });
}

/** @throws Misconfigured where temporary files cannot be written, as on a read-only root without a volume at /tmp */
export async function demandTemporaryFolder(): Promise<void> {
  try {
    await rmdir(await mkdtemp(join(tmpdir(), 'darkroom-')));
  } catch (cause) {
    const { code = '' } = cause as NodeJS.ErrnoException;
    throw new Misconfigured(
      `Temporary files cannot be written to ${tmpdir()} (${code}). Mount a volume there, such as an emptyDir, or set TMPDIR to a folder that can be written.`,
      { cause },
    );
  }
}
