import { type IncomingHttpHeaders, request } from 'node:http';

export interface Asked {
  method?: string;
  path?: string;
  body?: unknown;
  headers?: Record<string, string>;
}

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  /** Of JSON. */
  content: unknown;
}

/** A program that asks a console, by the address that its banner printed. It may lie about its Host, which fetch may not. */
export function createConsoleClient(url: string): (asked: Asked) => Promise<Answer> {
  const { port, searchParams } = new URL(url);
  const token = searchParams.get('token')!;
  return ({ method = 'GET', path = '/', body, headers = {} }) => {
    const text = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body);
    const given = { authorization: `Bearer ${token}`, ...(method !== 'GET' && { 'content-type': 'application/json' }) };
    return new Promise((resolve, reject) => {
      const sent = request(
        { port, host: '127.0.0.1', method, path, agent: false, headers: { ...given, ...headers } },
        (response) => {
          let answered = '';
          response.setEncoding('utf8').on('data', (chunk: string) => (answered += chunk));
          response.on('error', reject);
          response.on('end', () => {
            const isJson = /json/.test(response.headers['content-type'] ?? '');
            const content = isJson ? (JSON.parse(answered) as unknown) : undefined;
            resolve({ status: response.statusCode!, headers: response.headers, text: answered, content });
          });
        },
      );
      sent.on('error', reject);
      sent.end(text);
    });
  };
}
