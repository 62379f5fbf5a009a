/** Loaded into a function: while the file CHAOS_SWITCH exists, a share of its work with the store's folder fails with EIO. */
import { existsSync } from 'node:fs';
import files from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';

const { STORE_URL = '', CHAOS_SWITCH = '', CHAOS_STORE_FAULTS = '0' } = process.env;
const store = STORE_URL.replace(/^file:\/*/, '/');
const share = Number(CHAOS_STORE_FAULTS);

type Work = (path: unknown, ...rest: unknown[]) => unknown;
const table = files as unknown as Record<string, Work>;

for (const name of ['open', 'rename', 'link', 'stat', 'readdir', 'writeFile', 'copyFile', 'rm']) {
  const work = table[name]!;
  table[name] = (path, ...rest) => {
    if (String(path).startsWith(store) && Math.random() < share && existsSync(CHAOS_SWITCH)) {
      return Promise.reject(Object.assign(new Error(`EIO: sabotage, ${name}`), { code: 'EIO' }));
    }
    return work(path, ...rest);
  };
}
syncBuiltinESMExports();
