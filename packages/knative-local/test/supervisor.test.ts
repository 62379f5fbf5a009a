import { expect, onTestFinished, test } from 'vitest';
import { limits } from '../src/limits.ts';
import type { Probe } from '../src/process/probe.ts';
import { freePort } from '../src/process/ports.ts';
import { type Supervised, supervise } from '../src/process/supervisor.ts';
import { makeFolder } from './folders.ts';
import { isAlive } from './processes.ts';

const serving = `
import { createServer } from 'node:http';
const server = createServer((request, response) => {
  if (request.url === '/die') process.exit(7);
  if (request.url === '/slow') return void process.once('SIGTERM', () => response.setHeader('connection', 'close').end('finished'));
  response.end(String(process.pid));
}).listen(process.env.PORT, '127.0.0.1');
`;

/** Supervises a small program of one file. */
async function start(
  source: string,
  times: Omit<Probe, 'url'> = limits.probe,
): Promise<{ lines: string[]; process: Supervised; ask: (path?: string) => Promise<string> }> {
  const folder = await makeFolder({ 'program.mjs': source });
  const lines: string[] = [];
  const process = supervise(
    {
      name: 'program',
      async program() {
        const port = await freePort();
        const address = `http://127.0.0.1:${port}`;
        const probe = { url: address, ...times };
        return {
          command: ['program.mjs'],
          folder,
          environment: { PORT: String(port) },
          address,
          readiness: probe,
          liveness: probe,
        };
      },
    },
    (name, text) => lines.push(`${name}: ${text}`),
  );
  onTestFinished(() => process.stop(5000));
  return { lines, process, ask: async (path = '/') => (await fetch((await process.address(600_000)) + path)).text() };
}

test('restarts a process that dies, as often as it takes', async () => {
  const { process, ask, lines } = await start(serving);
  await process.started;
  const first = await ask();
  await ask('/die').catch(() => undefined);
  await expect.poll(() => process.ready).toBe(false);
  const second = await ask();
  await ask('/die').catch(() => undefined);
  await expect.poll(() => process.ready).toBe(false);
  expect(new Set([first, second, await ask()]).size).toBe(3);
  expect(lines.filter((line) => line.includes('ended with exit code 7')).length).toBe(2);
});

test('kills and restarts a frozen process; requests wait for the new one', async () => {
  const { process, ask, lines } = await start(serving, { period: 500, timeout: 2000, failureThreshold: 2 });
  await process.started;
  const frozen = Number(await ask());
  globalThis.process.kill(frozen, 'SIGSTOP');
  await expect.poll(() => process.ready).toBe(false);
  expect(Number(await ask())).not.toBe(frozen);
  expect(isAlive(frozen)).toBe(false);
  expect(lines).toContain('program: hung: it failed its liveness probe 2 times in a row, and was ended; restarting it');
});

test('SIGTERM lets work in flight finish', async () => {
  const { process, ask } = await start(serving + "process.on('SIGTERM', () => server.close(() => process.exit()));");
  await process.started;
  const pid = Number(await ask());
  const answer = ask('/slow');
  // Answered after the slow request was received, since both take the same kept connection or a later one.
  await ask();
  await process.stop(600_000);
  expect(await answer).toBe('finished');
  expect(isAlive(pid)).toBe(false);
});

test('a process that ignores SIGTERM is killed', async () => {
  const { process, ask } = await start(serving + "process.on('SIGTERM', () => {});");
  await process.started;
  const pid = Number(await ask());
  await process.stop(50);
  expect(isAlive(pid)).toBe(false);
});

test('gives up on a process that never comes up, and quotes its last lines', async () => {
  const { process, lines } = await start("console.error('no such module'); process.exit(1);");
  await expect(process.started).rejects.toThrow(
    'program ended with exit code 1 before it was ready, 3 times in a row.\n    no such module',
  );
  expect(lines.filter((line) => line === 'program: no such module').length).toBe(3);
});

test('stopping a process that is still starting leaves nothing behind', async () => {
  const { process, lines } = await start(
    "console.log(process.pid); setInterval(() => {}, 1000); process.on('disconnect', () => {});",
  );
  await expect.poll(() => lines.length).toBe(1);
  await process.stop(1000);
  expect(isAlive(Number(lines[0]!.split(': ')[1]))).toBe(false);
});
