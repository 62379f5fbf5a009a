/**
 * Develops thousands of damaged photos in worker processes as the functions do: `node bench/images/mutations.ts [count] [seed] [heic]`. Each must be
 * refused or developed; nothing may crash, hang or count as a transient fault. With `heic`, all are HEIC photos; half of them have damage
 * in their pixels only.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { sepia } from '../../functions/sepia/src/index.ts';
import { grayscale } from '../../functions/grayscale/src/index.ts';
import { Rejected } from '../../packages/shared/src/errors.ts';
import { developer, type Task } from '../../packages/shared/src/filter/develop.ts';
import { work } from '../../packages/shared/src/worker/worker.ts';
import { programBytes } from '../../packages/shared/src/worker/count.ts';
import { type ReadLoad, readLoad } from '../../packages/shared/src/worker/load.ts';
import { workerPool } from '../../packages/shared/src/worker/pool.ts';
import { isWorker } from '../../packages/shared/src/worker/spawn.ts';
import { mutations, mutationsAfter } from '../../packages/shared/test/images/mutations.ts';

if (isWorker) {
  if (process.env['FILTER'] === 'sepia') work(developer(sepia));
  else work(developer(grayscale));
} else {
  await main(Number(process.argv[2] ?? 10_000), Number(process.argv[3] ?? 1), process.argv[4] === 'heic');
}

async function main(count: number, seed: number, heic: boolean): Promise<void> {
  const store = mkdtempSync(join(tmpdir(), 'mutations-'));
  process.env['STORE_URL'] = `file://${store}`;
  process.env['HEIC'] = 'true';
  const outcomes = new Map<string, number>();
  const note = (outcome: string) => outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  let [number, slowest, most] = [0, 0, 0];
  const begun = performance.now();
  const queue = heic ? damagedHeic(count, seed) : mutations(await usualPhotos(), count, seed);
  mkdirSync(join(store, 'photos'));

  for (const name of ['grayscale', 'sepia']) {
    process.env['FILTER'] = name;
    const load: ReadLoad = (pid) => {
      const read = readLoad(pid);
      most = Math.max(most, read?.bytes ?? 0);
      return read;
    };
    // As a filter that is deployed.
    const bounds = { seconds: 20, bytes: programBytes + 600 * 1024 * 1024, stuckSeconds: 60 };
    const pool = workerPool<Task, void>(2, bounds, { load });
    const half = Math.ceil(count / 2) * (name === 'grayscale' ? 1 : 2);
    const next = async () => {
      while (number < half) {
        const { value, done } = queue.next();
        if (done) return;
        number += 1;
        const task = { original: `photos/${number}.bin`, print: `photos/${number}.jpg`, type: 'image/jpeg' as const };
        writeFileSync(join(store, task.original), value);
        const from = performance.now();
        await pool.run(task).then(
          () => note('developed'),
          (error: unknown) => note(error instanceof Rejected ? `refused: ${error.message}` : `FAULT: ${String(error)}`),
        );
        slowest = Math.max(slowest, performance.now() - from);
        rmSync(join(store, task.original));
      }
    };
    await Promise.all([next(), next()]);
    pool.close();
  }
  rmSync(store, { recursive: true });
  for (const [outcome, times] of outcomes) console.log(`${String(times).padStart(6)}  ${outcome}`);
  const seconds = (performance.now() - begun) / 1000;
  console.log(
    `${seconds.toFixed(0)} s; slowest: ${slowest.toFixed(0)} ms; memory of a worker: at most ${Math.round(most / 1024 / 1024)} MB`,
  );
}

/** Copies of those of the tests, except for the one that is large. */
function* damagedHeic(count: number, seed: number): Generator<Buffer> {
  const folder = join(import.meta.dirname, '../../packages/shared/test/images/heic');
  const files = readdirSync(folder).filter((file) => file !== 'large.heic');
  const originals = files.sort().map((file) => readFileSync(join(folder, file)));
  yield* mutations(originals, Math.floor(count / 2), seed);
  yield* mutationsAfter('mdat', originals, Math.ceil(count / 2), seed);
}

async function usualPhotos(): Promise<Buffer[]> {
  const size = { width: 120, height: 90, channels: 3 as const, background: '#c06030' };
  const photo = (width = size.width) =>
    sharp({ create: { ...size, width, noise: { type: 'gaussian', mean: 120, sigma: 40 } } }).sharpen();
  return Promise.all([
    photo().jpeg().toBuffer(),
    photo().jpeg({ progressive: true }).toBuffer(),
    // Large enough for the short way by luma.
    sharp({ create: { ...size, width: 1200, height: 900 } })
      .jpeg({ quality: 80 })
      .toBuffer(),
    photo().png().toBuffer(),
    photo().png({ palette: true }).toBuffer(),
    photo().webp().toBuffer(),
    photo().webp({ lossless: true }).toBuffer(),
    photo().gif().toBuffer(),
    photo().tiff({ compression: 'lzw' }).toBuffer(),
    photo(60).avif().toBuffer(),
  ]);
}
