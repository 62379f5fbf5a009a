/** Loaded into every child before its own code. */
import { Server } from 'node:net';
import { leash } from './leash.ts';
import { onLoopback } from './loopback.ts';

leash(process);

const { listen } = Server.prototype;
Object.assign(Server.prototype, {
  listen(this: Server, ...wanted: unknown[]) {
    return Reflect.apply(listen, this, onLoopback(wanted));
  },
});
