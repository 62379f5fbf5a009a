import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** A line to a server that is slow, or breaks. */
export interface Line {
  url: string;
  /** How often it has broken. */
  breaks(): number;
  close(): void;
}

export interface LineFaults {
  /** From clients to the server, over all connections; any number if absent. */
  bytesPerSecond?: number;
  /** It breaks, with all its connections, whenever so many more bytes have gone to the server, */
  breakAfter?: number;
  /** so many times. */
  mostBreaks?: number;
  /** What else happens then; until it is over, the line stays dead. @param count the number of the break, from 1 */
  onBreak?(count: number): Promise<void> | void;
}

/** Bytes passed on at once where the line is slow. */
const portion = 8192;

export async function openLine(target: URL, faults: LineFaults): Promise<Line> {
  const { bytesPerSecond = Infinity, breakAfter = Infinity, mostBreaks = 0, onBreak } = faults;
  const sockets = new Set<Socket>();
  let [sinceBreak, breaks] = [0, 0];
  /** When the line is free for the next portion, in milliseconds. */
  let free = 0;
  let mended = Promise.resolve();

  async function pass(client: Socket, origin: Socket): Promise<void> {
    for await (const chunk of client as AsyncIterable<Buffer>)
      for (let start = 0; start < chunk.length; start += portion) {
        const part = chunk.subarray(start, start + portion);
        free = Math.max(free, performance.now()) + (part.length / bytesPerSecond) * 1000;
        if (bytesPerSecond < Infinity) await sleep(Math.max(0, free - performance.now()));
        if (!origin.write(part)) await once(origin, 'drain');
        sinceBreak += part.length;
        if (sinceBreak < breakAfter || breaks === mostBreaks) continue;
        [sinceBreak, breaks] = [0, breaks + 1];
        for (const socket of sockets) socket.destroy();
        mended = Promise.resolve(onBreak?.(breaks));
        return;
      }
    origin.end();
  }

  const server = createServer((client) => void mended.then(() => join(client)));
  function join(client: Socket): void {
    const origin = connect(Number(target.port), '127.0.0.1');
    for (const socket of [client, origin]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.once('close', () => {
        sockets.delete(socket);
        client.destroy();
        origin.destroy();
      });
    }
    origin.pipe(client);
    pass(client, origin).catch(() => client.destroy());
  }
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    breaks: () => breaks,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
