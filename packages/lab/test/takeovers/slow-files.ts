/**
 * Loaded into a function: each call to the store takes 5 to 500 ms longer, partly before and partly after the work itself. Writes of locks
 * and mail records are logged to TAKEOVERS_TRACE, timed by a clock that all processes of the machine share.
 */
import { appendFileSync, statSync } from 'node:fs';
import files from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';

const { STORE_URL = '', TAKEOVERS_TRACE = '', TAKEOVERS_NAME = '' } = process.env;
const store = STORE_URL.replace(/^file:\/*/, '/');
const [least, most] = [5, 500];

type Work = (path: unknown, ...rest: unknown[]) => Promise<unknown>;
const table = files as unknown as Record<string, Work>;

// One for each method of a store: write, writeOnce, list, read, remove.
for (const name of ['rename', 'link', 'readdir', 'open', 'rm']) {
  const work = table[name]!;
  table[name] = async (path, ...rest) => {
    if (!isCall(name, String(path))) return work(path, ...rest);
    const delay = least + Math.random() * (most - least);
    const before = Math.random() * delay;
    await sleep(before);
    const result = await work(path, ...rest);
    if (name === 'rename' || name === 'link') trace(String(rest[0]));
    await sleep(delay - before);
    return result;
  };
}
syncBuiltinESMExports();

/** Rather than what the store does on the side: it syncs folders and removes drafts. */
function isCall(name: string, path: string): boolean {
  if (!path.startsWith(store)) return false;
  if (name === 'open') return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
  return name !== 'rm' || !path.includes('/.tmp/');
}

function trace(path: string): void {
  const [, job, key] = /\/jobs\/([^/]+)\/(mail\..+)$/.exec(path) ?? [];
  if (job)
    appendFileSync(
      TAKEOVERS_TRACE,
      `${JSON.stringify({ at: Number(process.hrtime.bigint() / 1_000_000n), by: TAKEOVERS_NAME, job, key })}\n`,
    );
}
