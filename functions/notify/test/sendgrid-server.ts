import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface SendGridMail {
  from: object;
  reply_to?: object;
  personalizations: { to: object[] }[];
  subject: string;
  content: { type: string; value: string }[];
  attachments?: object[];
  headers: Record<string, string>;
  tracking_settings: object;
}

export interface Reply {
  status: number;
  headers?: Record<string, string>;
  fields?: string[];
  /** Ends the connection without a reply. */
  drop?: boolean;
  /** The head comes at once, and the end when it resolves. */
  hold?: Promise<unknown>;
}

export interface SendGridServer {
  url: string;
  requests: { path: string | undefined; key: string | undefined; body: SendGridMail }[];
  /** For the requests to come, in order; then 202. */
  replies: Reply[];
  close(): Promise<void>;
}

/** SendGrid itself cannot be reached from a test: this speaks its v3 API. */
export async function startSendGrid(): Promise<SendGridServer> {
  const api = createServer((request: IncomingMessage, response) => {
    void text(request).then(async (body) => {
      server.requests.push({ path: request.url, key: request.headers.authorization, body: JSON.parse(body) as SendGridMail });
      const { status, headers, fields = [], drop, hold } = server.replies.shift() ?? { status: 202 };
      if (drop) return void request.socket.destroy();
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      if (hold) {
        response.flushHeaders();
        await hold;
      }
      const errors = fields.map((field) => ({ message: 'person@example.com is wrong', field, help: null }));
      response.end(status === 202 ? '' : JSON.stringify({ errors }));
    });
  }).listen(0, '127.0.0.1');
  await once(api, 'listening');
  const server: SendGridServer = {
    url: `http://127.0.0.1:${(api.address() as AddressInfo).port}/`,
    requests: [],
    replies: [],
    async close() {
      api.close();
      api.closeAllConnections();
    },
  };
  return server;
}
