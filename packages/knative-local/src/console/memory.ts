import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

/** Resident memory in bytes, by process id. Those of which it cannot be told are left out. */
export async function memoryOf(pids: readonly number[]): Promise<Map<number, number>> {
  if (pids.length === 0) return new Map();
  const read = process.platform === 'linux' ? await fromProc(pids) : await fromPs(pids);
  return new Map(read.filter((entry): entry is [number, number] => entry[1] !== undefined));
}

function fromProc(pids: readonly number[]): Promise<[number, number | undefined][]> {
  return Promise.all(
    pids.map(async (pid): Promise<[number, number | undefined]> => {
      const text = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
      const [, kilobytes] = /^VmRSS:\s+(\d+) kB/m.exec(text) ?? [];
      return [pid, kilobytes === undefined ? undefined : Number(kilobytes) * 1024];
    }),
  );
}

async function fromPs(pids: readonly number[]): Promise<[number, number][]> {
  const words = ['-o', 'pid=,rss=', '-p', pids.join()];
  // It fails if one of them is gone, and still tells of the others.
  const text = await promisify(execFile)('ps', words).then(
    ({ stdout }) => stdout,
    (error: { stdout?: string }) => error.stdout ?? '',
  );
  return [...text.matchAll(/^\s*(\d+)\s+(\d+)/gm)].map(([, pid, kilobytes]) => [Number(pid), Number(kilobytes) * 1024]);
}
