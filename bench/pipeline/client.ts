import { type IncomingMessage, request, type RequestOptions } from 'node:http';
import { json } from 'node:stream/consumers';

export interface HttpResponse {
  status: number;
  content: unknown;
}

/** A form as sent over the wire, built before the clock starts. */
export interface Form {
  type: string;
  body: Buffer;
}

export async function formOf(fields: Record<string, string | File>): Promise<Form> {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.set(name, value);
  const response = new Response(form);
  return { type: response.headers.get('content-type')!, body: Buffer.from(await response.arrayBuffer()) };
}

export function postForm(url: string, { type, body }: Form, headers: Record<string, string>): Promise<HttpResponse> {
  return ask(url, { method: 'POST', headers: { ...headers, 'content-type': type, 'content-length': body.length } }, body);
}

/** Sends each request over a new connection, as separate visitors do: no idle connection can have been closed. */
export function ask(url: string, options: RequestOptions = {}, body?: Buffer): Promise<HttpResponse> {
  return new Promise((resolve, reject) => {
    const read = (response: IncomingMessage) =>
      json(response).then((content) => resolve({ status: response.statusCode ?? 0, content }), reject);
    request(url, { ...options, agent: false }, (response) => void read(response))
      .on('error', reject)
      .end(body);
  });
}
