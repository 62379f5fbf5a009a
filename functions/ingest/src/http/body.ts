import type { IncomingMessage } from 'node:http';
import { setImmediate as immediate } from 'node:timers/promises';

/**
 * The bytes of a request, all that has arrived in one piece: Node hands over each chunk of HTTP by itself, and a body of single bytes
 * would otherwise cost a hundred times as much as it weighs.
 */
export async function* bodyOf(request: IncomingMessage): AsyncGenerator<Buffer> {
  // Destroying the request would cut the connection, and with it the answer.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    yield chunk as Buffer;
    await immediate();
  }
}
