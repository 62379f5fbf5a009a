/**
 * `npm install` in dist/ runs this while an image is built: it starts the function once, so that Node keeps what it has compiled,
 * and no pod has to compile it again (function-modules.ts). Whatever goes wrong here, the function starts all the same, only later.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

/** Milliseconds that the start may take. */
const longest = 30_000;
/** Milliseconds. An image worker, if the function has one, starts together with it, and keeps what it has compiled once it is ready. */
const untilWorkerIsReady = 2000;
/** As in function-modules.ts. */
const cache = '.compile-cache';
/** Node keeps a cache for each user. These run images of functions that others have built: of Paketo, of Red Hat, and nobody. */
const users = [1000, 1001, 1002, 65_532, 65_534];

const folder = await mkdtemp(join(tmpdir(), 'compile-cache-'));
try {
  await startOnce();
  for (const found of await readdir(cache))
    for (const user of users) await symlink(found, join(cache, found.replace(/-\d+$/, `-${user}`))).catch(() => undefined);
  console.log(`${cache} is filled: the function starts with what has been compiled`);
} catch (error) {
  console.log(`${cache} is not filled (${(error as Error).message}); the function has to be compiled at each start`);
} finally {
  await rm(folder, { recursive: true, force: true });
}

/** With settings that lead nowhere. */
async function startOnce(): Promise<void> {
  const environment = {
    PATH: process.env['PATH'],
    PORT: String(await freePort()),
    STORE_URL: pathToFileURL(folder).href,
    K_SINK: 'http://127.0.0.1:9',
    PUBLIC_URL: 'http://localhost',
    MAIL_FROM: 'Darkroom <darkroom@localhost>',
    SMTP_URL: 'smtp://127.0.0.1:9',
    FILTERS: 'grayscale',
    NODE_COMPILE_CACHE: cache,
    NODE_COMPILE_CACHE_PORTABLE: '1',
  };
  const child = spawn(process.execPath, ['index.mjs'], { env: environment, stdio: ['ignore', 'pipe', 'pipe'], timeout: longest });
  const ended = once(child, 'exit');
  const errors = createInterface(child.stderr);
  let last = 'it did not say why';
  errors.on('line', (line) => (last = line));
  for await (const line of createInterface(child.stdout))
    if (line.includes('listening')) setTimeout(() => child.kill('SIGTERM'), untilWorkerIsReady);
  await ended;
  if (child.exitCode !== 0) throw new Error(last);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}
