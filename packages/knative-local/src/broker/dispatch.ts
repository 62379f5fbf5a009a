import { type IncomingHttpHeaders, type IncomingMessage, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Clock } from '../clock.ts';
import { limits } from '../limits.ts';

/** A subscriber's response, fully read. */
export interface SubscriberResponse {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/** One request to one subscriber. */
export interface Dispatch {
  url: string;
  headers: Record<string, string>;
  body: Buffer;
  /** Milliseconds for the whole exchange, including the body of the response. */
  timeout: number;
  clock: Clock;
}

/** The subscriber took longer than the delivery spec allows. */
export class NoAnswerInTime extends Error {
  override readonly name = 'NoAnswerInTime';
}

/** Sends one POST over a kept-alive connection. Uses node:http, which needs half the time of fetch for a small event. */
export function post({ url, headers, body, timeout, clock }: Dispatch): Promise<SubscriberResponse> {
  return new Promise((resolve, reject) => {
    const send = url.startsWith('https:') ? httpsRequest : httpRequest;
    const request = send(url, { method: 'POST', headers }, (response) => {
      void finish(response).catch(fail);
    });
    const over = new AbortController();
    clock.sleep(timeout, over.signal).then(
      () => request.destroy(new NoAnswerInTime(`no answer within ${timeout / 1000} s`)),
      () => undefined,
    );
    request.on('error', fail);
    request.end(body);

    async function finish(response: IncomingMessage) {
      const content = await readBody(response);
      over.abort();
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: content });
    }

    function fail(error: Error) {
      over.abort();
      reject(error);
    }
  });
}

async function readBody(response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limits.eventBytes) throw new Error(`the response is larger than ${limits.eventBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
