/**
 * Loaded into a function: while the file CHAOS_SWITCH exists, a share of its work with the store's folder fails with EIO, and while
 * CHAOS_SWITCH.full exists, all that would write there fails as on a full disk.
 */
import { existsSync } from 'node:fs';
import files from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';

const { STORE_URL = '', CHAOS_SWITCH = '', CHAOS_STORE_FAULTS = '0' } = process.env;
const store = STORE_URL.replace(/^file:\/*/, '/');
const share = Number(CHAOS_STORE_FAULTS);

type Work = (path: unknown, ...rest: unknown[]) => unknown;
const table = files as unknown as Record<string, Work>;

for (const name of ['open', 'rename', 'link', 'stat', 'readdir', 'mkdir', 'writeFile', 'copyFile', 'rm', 'unlink', 'lstat']) {
  const work = table[name]!;
  table[name] = (path, ...rest) => {
    const code = String(path).startsWith(store) ? fault(name, rest[0]) : undefined;
    if (code) return Promise.reject(Object.assign(new Error(`${code}: sabotage, ${name}`), { code, syscall: name }));
    return work(path, ...rest);
  };
}
syncBuiltinESMExports();

function fault(name: string, flags: unknown): 'EIO' | 'ENOSPC' | undefined {
  if (Math.random() < share && name !== 'mkdir' && existsSync(CHAOS_SWITCH)) return 'EIO';
  const writes = ['mkdir', 'writeFile', 'copyFile', 'link'].includes(name) || (name === 'open' && /[wa+]/.test(String(flags)));
  return writes && existsSync(`${CHAOS_SWITCH}.full`) ? 'ENOSPC' : undefined;
}
