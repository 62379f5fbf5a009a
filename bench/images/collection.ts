/**
 * Develops every image below some folders with both filters, in worker processes as the functions do, and lets Pillow judge
 * the prints: `node bench/images/collection.ts <folder>...`. Prints a summary, and every file that is refused or disagrees.
 */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { cpSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { createInterface } from 'node:readline';
import { grayscale } from '../../functions/grayscale/src/index.ts';
import { sepia } from '../../functions/sepia/src/index.ts';
import { Rejected } from '../../packages/shared/src/errors.ts';
import { extensionOf, printType, sniff } from '../../packages/shared/src/image/formats.ts';
import { developer, type Task } from '../../packages/shared/src/filter/develop.ts';
import { work } from '../../packages/shared/src/worker/worker.ts';
import { workerPool } from '../../packages/shared/src/worker/pool.ts';
import type { WorkerPool } from '../../packages/shared/src/worker/pool.ts';
import { isWorker } from '../../packages/shared/src/worker/spawn.ts';

type Filter = 'grayscale' | 'sepia';

interface Verdict {
  error?: string;
  format: string[];
  frames: [number, number];
  size: [number[], number[]];
  metadata: string[];
  worst?: number;
  alpha?: number;
  psnr?: number;
}

if (isWorker) {
  if (process.env['FILTER'] === 'sepia') work(developer(sepia));
  else work(developer(grayscale));
} else {
  await main(process.argv.slice(2));
}

async function main(folders: string[]): Promise<void> {
  const store = mkdtempSync(join(tmpdir(), 'collection-'));
  process.env['STORE_URL'] = `file://${store}`;
  const judge = startJudge();
  const tally = new Map<string, number>();
  const count = (what: string) => tally.set(what, (tally.get(what) ?? 0) + 1);
  try {
    for (const name of ['grayscale', 'sepia'] as const) {
      process.env['FILTER'] = name;
      const pool = workerPool<Task, void>(2, { seconds: 20, bytes: 1e9, stuckSeconds: 60 });
      for (const folder of folders) {
        const files = globSync('**/*', { cwd: folder }).filter((file) => statSync(join(folder, file)).isFile());
        for (const file of files.sort()) await judgeOne(pool, store, judge, name, folder, file, count);
      }
      pool.close();
    }
  } finally {
    judge.close();
    rmSync(store, { recursive: true });
  }
  console.log('');
  for (const what of [...tally.keys()].sort()) console.log(`${String(tally.get(what)).padStart(6)}  ${what}`);
}

async function judgeOne(
  pool: WorkerPool<Task, void>,
  store: string,
  judge: ReturnType<typeof startJudge>,
  name: Filter,
  folder: string,
  file: string,
  count: (what: string) => void,
): Promise<void> {
  const bytes = readFileSync(join(folder, file));
  const type = sniff(bytes);
  if (!type) return count(`${name}: no image type of ours`);
  const key = randomUUID();
  const original = `${key}/original.${extensionOf(type)}`;
  const print = `${key}/print.${extensionOf(printType(type))}`;
  mkdirSync(join(store, key));
  cpSync(join(folder, file), join(store, original));
  const label = `${name} ${relative(process.cwd(), join(folder, file))}`;
  try {
    await pool.run({ original, print, type: printType(type) });
    const verdict = await judge.ask({ original: join(store, original), print: join(store, print), filter: name });
    const fault = faultOf(verdict);
    count(`${name}: ${type} ${verdict.error ? 'not judged' : fault ? 'disagrees' : 'agrees'}`);
    if (fault) console.log(`${verdict.error ? 'not judged' : 'disagrees'} ${label}: ${fault}`);
  } catch (error) {
    const refused = error instanceof Rejected;
    count(`${name}: ${type} ${refused ? 'refused' : 'FAILED'}`);
    console.log(`${refused ? 'refused' : 'FAILED'} ${label}: ${(error as Error).message}`);
  }
  rmSync(join(store, key), { recursive: true });
}

/** What is wrong with a print, if anything. */
function faultOf({ error, frames, size, metadata, worst, alpha, psnr, format }: Verdict): string | undefined {
  if (error) return `the judge cannot read it: ${error}`;
  if (frames[0] !== frames[1]) return `${frames[1]} frames instead of ${frames[0]}`;
  if (String(size[0]) !== String(size[1])) return `${String(size[1])} pixels instead of ${String(size[0])}`;
  if (metadata.length > 0) return `metadata was kept: ${metadata.join(', ')}`;
  // Of the lossy formats, JPEG keeps 38 dB; WebP halves the resolution of chroma, and AVIF smooths, at any quality.
  const floor = { JPEG: 38, WEBP: 33, AVIF: 33 }[format[1]!];
  if (alpha! > (format[1] === 'AVIF' ? 8 : 0)) return `alpha differs by ${alpha}`;
  if (worst! > 1 && (floor === undefined || psnr! < floor)) return `worst ${worst}, PSNR ${psnr} dB`;
  return undefined;
}

function startJudge() {
  const script = join(import.meta.dirname, '../../packages/shared/test/images/judge.py');
  let judge = start();

  function start() {
    const child = spawn('python3', [script], { stdio: ['pipe', 'pipe', 'inherit'] });
    // Some collections contain files that kill a judge: the next question goes to a new one.
    child.stdin.on('error', () => undefined);
    return { child, answers: createInterface({ input: child.stdout })[Symbol.asyncIterator]() };
  }

  return {
    async ask(question: { original: string; print: string; filter: Filter }): Promise<Verdict> {
      judge.child.stdin.write(`${JSON.stringify(question)}\n`);
      const timer = setTimeout(() => judge.child.kill('SIGKILL'), 60_000);
      const { value, done } = await judge.answers.next();
      clearTimeout(timer);
      if (!done) return JSON.parse(value) as Verdict;
      judge = start();
      return { error: 'the judge did not survive it', format: [], frames: [0, 0], size: [[], []], metadata: [] };
    },
    close: () => judge.child.stdin.end(),
  };
}
