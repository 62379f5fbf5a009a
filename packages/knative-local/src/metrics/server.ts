import type { RequestListener } from 'node:http';
import { foreignness, refuse } from '../foreign.ts';

/** GET /metrics, for programs of this machine: no page of another website reads it. */
export function createMetricsServer(text: () => Promise<string>): RequestListener {
  return (request, response) => {
    const foreign = foreignness(request);
    if (foreign !== undefined) return refuse(response, foreign);
    if (request.url !== '/metrics') return void response.writeHead(404).end();
    if (request.method !== 'GET') return void response.writeHead(405, { allow: 'GET' }).end();
    text().then(
      (all) => response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }).end(all),
      () => response.writeHead(500).end(),
    );
  };
}
