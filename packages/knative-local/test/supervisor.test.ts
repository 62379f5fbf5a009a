import { createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { limits } from '../src/limits.ts';
import type { Probe } from '../src/process/probe.ts';
import { freePort, portTaken, settledPort, whenFree } from '../src/process/ports.ts';
import { type Supervised, supervise } from '../src/process/supervisor.ts';
import { testClock } from './clock.ts';
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

test('waits briefly for a port that a predecessor still holds, and for nothing else', async () => {
  const clock = testClock();
  let tries = 0;
  const taking = (failures: number, code: string) => async () => {
    tries += 1;
    if (tries <= failures) throw Object.assign(new Error(code), { code });
    return clock.now();
  };
  const begun = clock.now();
  const taken = whenFree(taking(3, 'EADDRINUSE'), clock);
  await clock.advance(150);
  expect(await taken).toBe(begun + 150);
  tries = 0;
  const never = whenFree(taking(Infinity, 'EADDRINUSE'), clock).catch((error: unknown) => error);
  await clock.advance(2000);
  expect(await never).toMatchObject({ code: 'EADDRINUSE' });
  expect(tries).toBe(41);
  tries = 0;
  await expect(whenFree(taking(1, 'EACCES'), clock)).rejects.toThrow('EACCES');
});

test('takes a port that becomes free meanwhile', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const { port } = other.address() as { port: number };
  const settled = settledPort(port, String, {
    ...testClock(),
    sleep: () => new Promise((resolve) => void other.close(() => resolve())),
  });
  expect(await settled).toBe(port);
});

test('reports a taken port in a helpful sentence', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void other.close());
  const address = other.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const another = (free: number) => `PORT=${free} start`;
  await expect(settledPort(port, another)).rejects.toThrow(
    `Port ${port} is taken by another program. Stop it, or choose another: PORT=${port + 1} start`,
  );
  expect(portTaken(80, another, { code: 'EACCES' }).message).toContain('PORT=8080 start');
});
