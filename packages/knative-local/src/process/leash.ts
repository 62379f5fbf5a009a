/** Loaded into every child before its own code. */
import { type ListenOptions, Server } from 'node:net';

// A child dies with its parent, even if the parent was killed and could not say so: the channel to the parent then closes. It is
// unref'd, so that it keeps no process alive. The child kills itself: an orderly exit would first write the compile cache, which takes a
// second or more.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
process.channel?.unref();

// In a container, a function must listen on every interface. On somebody's machine, only the router is open to others, and only if HOST
// says so.
const { listen } = Server.prototype;
Object.assign(Server.prototype, {
  listen(this: Server, options: unknown, ...rest: unknown[]) {
    const onLoopback = isAddress(options) ? { ...options, host: '127.0.0.1' } : options;
    return Reflect.apply(listen, this, [onLoopback, ...rest]);
  },
});

function isAddress(options: unknown): options is ListenOptions {
  return typeof options === 'object' && options !== null && 'port' in options;
}
