import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Timing } from '@darkroom/shared/store/s3-client';
import { s3Store } from '@darkroom/shared/store/s3-store';
import { bucketOf } from '@darkroom/shared/store/s3-location';
import type { Store } from '@darkroom/shared/store';

/** How a troubled server answers one request. */
export type Turn = (request: IncomingMessage, response: ServerResponse, body: string) => void | Promise<void>;

/** A store whose server follows a script, since a real one is never in trouble when it should be. */
export interface ScriptedStore {
  store: Store;
  /** One per upcoming request. */
  turns: Turn[];
  /** "PUT /photos/key". */
  requests: string[];
  hangUp(): void;
  close(): Promise<void>;
}

export async function openScripted(timing: Partial<Timing> = {}): Promise<ScriptedStore> {
  const server = createServer((request, response) => {
    // A test that gave up may have closed the connection.
    take(request, response).catch(() => {});
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const bucket = bucketOf(new URL(`s3://photos?endpoint=${endpoint}`), {
    AWS_ACCESS_KEY_ID: 'the-id',
    AWS_SECRET_ACCESS_KEY: 'top-secret',
  });
  const scripted: ScriptedStore = {
    store: s3Store(bucket, { idleSeconds: 2, backOff: 1, ...timing }),
    turns: [],
    requests: [],
    hangUp: () => server.closeAllConnections(),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };

  async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    scripted.requests.push(`${request.method} ${request.url}`);
    const turn = scripted.turns.shift() ?? answer(599);
    let body = '';
    if (!unread.has(turn)) for await (const chunk of request) body += String(chunk);
    await turn(request, response, body);
  }

  return scripted;
}

export const answer =
  (status: number, code = '', headers: Record<string, string> = {}): Turn =>
  (_request, response) =>
    void response
      .writeHead(status, headers)
      .end(code && `<?xml version="1.0"?><Error><Code>${code}</Code><Message>the-id</Message></Error>`);
export const drop: Turn = (request) => void request.socket.destroy();
/** Reads only the first bytes, and never answers. */
export const stall: Turn = () => {};
/** Reads everything, and keeps nothing. */
export const sink: Turn = async (request, response) => {
  for await (const chunk of request) if (!chunk) break;
  response.end();
};
const unread = new Set([drop, stall, sink]);
