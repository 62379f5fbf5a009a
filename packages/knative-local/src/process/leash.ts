/** Loaded into every child, ahead of its own code. */
import { type ListenOptions, Server } from 'node:net';

// A child goes when its parent goes, even where the parent was killed and could say nothing. The channel to the parent closes with
// the parent; unref'd, so that it keeps no process alive by itself. It goes as its parent went: an orderly exit would first write
// the compile cache, for a second or more.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
process.channel?.unref();

// A container must listen on every interface. On a person's machine only the router is open to others, and only where HOST says so.
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
