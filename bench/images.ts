/**
 * Darkroom's prints against a straightforward sharp pipeline, the same with Darkroom's encoder settings, stock Jimp, and Pillow where
 * it is installed: one run, interleaved, medians. Then a filter as it is deployed: memory and probes under load.
 *
 * `npm run bench:images [-- <rounds>]`
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { defaultQuality } from '../packages/shared/src/image/save.ts';
import { engines } from './images/engines.ts';
import { type Filter, jpeg, makePhotos, type Photo } from './images/photos.ts';
import { measureLoad } from './images/load.ts';

const rounds = Number(process.argv[2] ?? 9);
/** Stock Jimp takes seconds. */
const jimpRounds = Math.min(rounds, 3);
const names = Object.keys(engines) as (keyof typeof engines)[];

const folder = mkdtempSync(join(tmpdir(), 'bench-images-'));
try {
  const photos = await makePhotos(folder);
  const pillow = startPillow();
  console.log(
    `Milliseconds per print (median of ${rounds}, interleaved; in brackets those of the processors), and how many times faster Darkroom is\n`,
  );
  console.log(row(['', '', ...names, 'Pillow', 'bytes']));
  for (const photo of photos) {
    for (const filter of ['grayscale', 'sepia'] as const) console.log(row(await measure(photo, filter, pillow)));
  }
  pillow?.close();

  console.log('\nMost memory of a process that makes one print, MB\n');
  console.log(row(['', '', ...names]));
  for (const filter of ['grayscale', 'sepia'] as const)
    console.log(row(['JPEG 12 MP', filter, ...names.map((name) => memory(name, filter, photos[0]!))]));

  console.log('');
  for (const filter of ['grayscale', 'sepia'] as const) await measureLoad(filter, photos[0]!.file);
} finally {
  rmSync(folder, { recursive: true });
}

async function measure(photo: Photo, filter: Filter, pillow: ReturnType<typeof startPillow>): Promise<string[]> {
  const bytes = readFileSync(photo.file);
  const times = new Map<string, number[]>();
  const work = new Map<string, number[]>();
  const note = (map: Map<string, number[]>, name: string, time: number) => map.set(name, [...(map.get(name) ?? []), time]);
  let size = 0;
  for (let round = 0; round < rounds; round += 1) {
    const turn = names.filter((name) => name !== 'Jimp' || (round < jimpRounds && photo.type !== 'image/webp'));
    // Each engine gets each position in turn: whatever follows Pillow finds the processor asleep.
    const first = round % turn.length;
    for (const name of [...turn.slice(first), ...turn.slice(0, first)]) {
      const before = process.cpuUsage();
      const begun = performance.now();
      const print = await engines[name](photo, bytes, filter);
      note(times, name, performance.now() - begun);
      const { user, system } = process.cpuUsage(before);
      note(work, name, (user + system) / 1000);
      if (name === 'Darkroom') size = print.length;
    }
    if (pillow) note(times, 'Pillow', await pillow.ask(photo, filter));
  }
  const own = median(times.get('Darkroom')!);
  const cells = [...names, 'Pillow'].map((name) => {
    const measured = times.get(name);
    if (!measured) return '-';
    const used = work.get(name);
    const spent = `${median(measured).toFixed(0)}${used ? ` (${median(used).toFixed(0)})` : ''}`;
    return name === 'Darkroom' ? spent : `${spent} ${(median(measured) / own).toFixed(2)}x`;
  });
  return [photo.name, filter, ...cells, size.toLocaleString('en')];
}

function startPillow() {
  if (spawnSync('python3', ['-c', 'import PIL']).status !== 0) return undefined;
  const child = spawn('python3', [join(import.meta.dirname, 'images/pillow.py')], { stdio: ['pipe', 'pipe', 'inherit'] });
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async ask({ file, type }: Photo, filter: Filter): Promise<number> {
      const quality = type === 'image/png' ? undefined : type === 'image/jpeg' ? jpeg.quality : defaultQuality[type];
      child.stdin.write(`${JSON.stringify({ file, type, filter, quality })}\n`);
      const { value } = await answers.next();
      return Number(value);
    },
    close: () => child.stdin.end(),
  };
}

function memory(engine: string, filter: Filter, photo: Photo): string {
  const program = join(import.meta.dirname, 'images/engines.ts');
  return execFileSync(process.execPath, [program, JSON.stringify([engine, filter, photo])], { encoding: 'utf8' }).trim();
}

function median(values: number[]): number {
  return values.toSorted((one, other) => one - other)[values.length >> 1]!;
}

function row(cells: string[]): string {
  return cells.map((cell, index) => (index < 2 ? cell.padEnd(11) : cell.padStart(21))).join(' ');
}
