import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * The host that stands for every interface of this machine: '::', which accepts IPv4 as well, or '0.0.0.0' if the kernel has no
 * IPv6 (`ipv6.disable=1`).
 */
export async function anyHost(): Promise<'::' | '0.0.0.0'> {
  const server = createServer();
  try {
    await once(server.listen(0, '::'), 'listening');
    return '::';
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (['EAFNOSUPPORT', 'EADDRNOTAVAIL'].includes(code)) return '0.0.0.0';
    throw error;
  } finally {
    server.close();
  }
}
