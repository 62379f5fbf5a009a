import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { type CloudEvent, HTTP } from 'cloudevents';

const functions = resolve(import.meta.dirname, '../../../../functions');

export interface RunningFunction {
  url: string;
  pid: number;
  /** Delivers an event as a broker does: binary mode. */
  deliver(event: CloudEvent<unknown>): Promise<{ status: number; reply: CloudEvent<unknown> | undefined; text: string }>;
  output(): string;
  /** What /metrics says. */
  metrics(): Promise<string>;
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

/** Starts a built function as its own process, the way the platform does. */
export async function startFunction(name: string, environment: Record<string, string>): Promise<RunningFunction> {
  const port = await freePort();
  const child = spawn(process.execPath, ['index.mjs'], {
    cwd: resolve(functions, name, 'dist'),
    env: { PATH: process.env['PATH'], PORT: String(port), METRICS_PORT: '0', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = once(child, 'exit');
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  const url = `http://127.0.0.1:${port}`;
  for (;;) {
    const answer = await fetch(`${url}/health/readiness`).catch(() => undefined);
    if (answer?.ok) break;
    if (child.exitCode !== null) throw new Error(`${name} ended with ${child.exitCode}: ${output}`);
    await new Promise((wake) => setTimeout(wake, 20));
  }
  return {
    url,
    pid: child.pid!,
    output: () => output,
    metrics: async () => (await fetch(`http://127.0.0.1:${/metricsPort=(\d+)/.exec(output)?.[1]}/metrics`)).text(),
    async deliver(event) {
      const message = HTTP.binary(event);
      const response = await fetch(url, {
        method: 'POST',
        headers: { ...(message.headers as Record<string, string>), prefer: 'reply' },
        ...(message.body !== undefined && { body: message.body as string }),
      });
      const text = await response.text();
      const headers = Object.fromEntries(response.headers);
      const reply = headers['ce-type'] === undefined ? undefined : HTTP.toEvent({ headers, body: text });
      return { status: response.status, reply: reply as CloudEvent<unknown> | undefined, text };
    },
    async stop(signal = 'SIGTERM') {
      if (child.exitCode === null) child.kill(signal);
      await exited;
      return child.exitCode;
    },
  };
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
