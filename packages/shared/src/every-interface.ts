import { Server } from 'node:net';

/** The host that stands for every interface. */
export const everyInterface = '::';

/**
 * Lets servers of this process that ask for every interface leave the host out. Node then takes '::', which accepts IPv4 as well, or
 * '0.0.0.0' if the kernel has no IPv6 (`ipv6.disable=1`), where '::' would be an error. It also has no name to look up, which is 5 ms of a start.
 */
export function listenOnEveryInterface(): void {
  const { listen } = Server.prototype;
  Server.prototype.listen = function (this: Server, ...given: unknown[]) {
    const [options, ...rest] = given;
    if (typeof options !== 'object' || options === null || !('host' in options) || options.host !== everyInterface)
      return listen.apply(this, given as Parameters<typeof listen>);
    const { host: _, ...others } = options;
    return listen.apply(this, [others, ...rest] as Parameters<typeof listen>);
  } as typeof listen;
}
