import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Timing } from '@darkroom/shared/store/s3-client';
import { s3Store } from '@darkroom/shared/store/s3-store';
import { bucketOf } from '@darkroom/shared/store/s3-location';
import type { Store } from '@darkroom/shared/store';
import { testClock, type TestClock } from './support/clock.ts';

/** How a troubled server answers one request. */
export type Turn = (request: IncomingMessage, response: ServerResponse, body: string) => void | Promise<void>;

/** A store whose server follows a script, since a real one is never in trouble when it should be. */
export interface ScriptedStore {
  store: Store;
  /** How long a silence lasts. Pauses between attempts are over at once. */
  clock: TestClock;
  /** One per upcoming request. */
  turns: Turn[];
  /** "PUT /photos/key". */
  requests: string[];
  /** Reads only the first bytes, and answers nothing for as long as the client waits. */
  stall: Turn;
  hangUp(): void;
  close(): Promise<void>;
}

export const idleSeconds = 30;
/** Milliseconds after which it is noticed: after a tenth more, at the latest. */
export const silence = idleSeconds * 1100;

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
  const clock = testClock();
  // Only a silence can be called off.
  const impatient = { ...clock, sleep: async (ms: number, signal?: AbortSignal) => signal && clock.sleep(ms, signal) };
  const stall: Turn = () => clock.advance(silence);
  const unread = new Set<Turn>([drop, sink, stall]);
  const scripted: ScriptedStore = {
    store: s3Store(bucket, { idleSeconds, clock: impatient, ...timing }),
    clock,
    stall,
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
/** Reads everything, and keeps nothing. */
export const sink: Turn = async (request, response) => {
  for await (const chunk of request) if (!chunk) break;
  response.end();
};
