import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '@darkroom/shared/clock';
import type { Timing } from '@darkroom/shared/store/s3-client';
import { s3Store } from '@darkroom/shared/store/s3-store';
import { bucketOf } from '@darkroom/shared/store/s3-location';
import type { Store } from '@darkroom/shared/store';
import { testClock, type TestClock } from './support/clock.ts';

/** How a troubled server answers one request. */
export type ScriptedAnswer = (request: IncomingMessage, response: ServerResponse, body: string) => void | Promise<void>;

/** A store whose server follows a script, since a real one is never in trouble when it should be. */
export interface ScriptedStore {
  store: Store;
  /** Says when a silence has lasted too long. Pauses between attempts are over at once. */
  clock: TestClock;
  /** Lets time pass until the client no longer waits for the request under way. */
  outlast(): Promise<void>;
  /** One per upcoming request. */
  turns: ScriptedAnswer[];
  /** "PUT /photos/key". */
  requests: string[];
  /** Reads only the first bytes, and answers nothing for as long as the client waits. */
  stall: ScriptedAnswer;
  hangUp(): void;
  close(): Promise<void>;
}

export const idleSeconds = 30;

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
  let waiting: AbortSignal | undefined;
  const impatient: Clock = {
    ...clock,
    async sleep(ms, signal) {
      // Only a silence can be called off.
      waiting = signal;
      return signal && clock.sleep(ms, signal);
    },
  };
  // In small steps: bytes may still be on their way, and then the time begins again.
  async function outlast(): Promise<void> {
    const client = waiting!;
    while (!client.aborted) await clock.advance(idleSeconds * 100);
  }
  const stall: ScriptedAnswer = outlast;
  const unread = new Set<ScriptedAnswer>([drop, sink, stall]);
  const scripted: ScriptedStore = {
    store: s3Store(bucket, { idleSeconds, clock: impatient, ...timing }),
    clock,
    outlast,
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
  (status: number, code = '', headers: Record<string, string> = {}): ScriptedAnswer =>
  (_request, response) =>
    void response
      .writeHead(status, headers)
      .end(code && `<?xml version="1.0"?><Error><Code>${code}</Code><Message>the-id</Message></Error>`);
export const drop: ScriptedAnswer = (request) => void request.socket.destroy();
/** Reads everything, and keeps nothing. */
export const sink: ScriptedAnswer = async (request, response) => {
  for await (const chunk of request) if (!chunk) break;
  response.end();
};
