import { Agent, request } from 'node:http';
import { buffer } from 'node:stream/consumers';

/** Requests to one Service by way of the gateway. fetch sets Host by itself, and the gateway goes by it. */
export interface Site {
  request(method: string, path: string, options?: { headers?: Record<string, string>; body?: Buffer }): Promise<Reply>;
}

export interface Reply {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: Buffer;
}

/** @param address the Service's own URL @param gateway where it is reached, if not there */
export function openSite(address: string, gateway?: string): Site {
  const { host } = new URL(address);
  const { hostname, port } = new URL(gateway ?? address);
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  return {
    request: (method, path, { headers = {}, body } = {}) =>
      new Promise((resolve, reject) => {
        const options = { agent, hostname, port: port || 80, method, path, headers: { host, ...headers } };
        const sent = request(options, (response) => {
          buffer(response).then(
            (content) => resolve({ status: response.statusCode!, headers: response.headers, body: content }),
            reject,
          );
        });
        sent.on('error', reject);
        sent.end(body);
      }),
  };
}
