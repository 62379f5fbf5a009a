import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { extensionOf, printType, sniff } from '../src/image/formats.ts';
import { printOf } from './images/filters.ts';

const scripts = join(import.meta.dirname, 'images');
const python = (script: string, options: { args?: string[]; input?: string }) =>
  spawnSync('python3', [join(scripts, script), ...(options.args ?? [])], { input: options.input ?? '', encoding: 'utf8' });
const hasPillow = spawnSync('python3', ['-c', 'import PIL, numpy']).status === 0;

interface Verdict {
  error?: string;
  name: string;
  format: [string, string];
  mode: string;
  frames: [number, number];
  size: [number[], number[]];
  metadata: string[];
  loop: [number | null, number | null];
  durations: [number[], number[]];
  worst: number;
  alpha: number;
  psnr: number;
}

// Pillow, ImageMagick and libjpeg made the photos, Pillow and LittleCMS judge the prints: none of it is Darkroom's own code.
describe.skipIf(!hasPillow)('prints, judged by Pillow (skipped without python3 with Pillow and numpy)', () => {
  const folder = mkdtempSync(join(tmpdir(), 'photos-'));
  const verdicts: Record<'grayscale' | 'sepia', Verdict[]> = { grayscale: [], sepia: [] };

  beforeAll(async () => {
    const made = python('make.py', { args: [folder] });
    if (made.status !== 0) throw new Error(made.stderr);
    if (made.stdout) console.log(made.stdout.trim());
    const photos = readdirSync(folder).sort();
    for (const filter of ['grayscale', 'sepia'] as const) {
      mkdirSync(join(folder, filter));
      const questions = [];
      for (const name of photos) {
        const photo = readFileSync(join(folder, name));
        const type = printType(sniff(photo)!);
        const print = join(folder, filter, `${name}.${extensionOf(type)}`);
        writeFileSync(print, await printOf(photo, filter, { type }));
        questions.push(JSON.stringify({ original: join(folder, name), print, filter }));
      }
      const { stdout } = python('judge.py', { input: questions.join('\n') });
      const lines = stdout.trim().split('\n');
      verdicts[filter] = lines.map((line, index) => ({ ...(JSON.parse(line) as Verdict), name: photos[index]! }));
      expect(lines).toHaveLength(photos.length);
    }
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const all = () => Object.entries(verdicts).flatMap(([filter, list]) => list.map((verdict) => ({ ...verdict, filter })));
  const named = (list: Verdict[]) => list.map(({ name, worst, alpha, psnr, error }) => ({ name, worst, alpha, psnr, error }));

  test('every print can be read, and has the size and the frames of its photo', () => {
    const wrong = all().filter(
      ({ error, size, frames }) => error !== undefined || String(size[0]) !== String(size[1]) || frames[0] !== frames[1],
    );
    expect(named(wrong)).toEqual([]);
  });

  test('in lossless formats, colours are right within 1', () => {
    const lossless = all().filter(
      ({ format, name }) => ['PNG', 'GIF', 'TIFF'].includes(format[1]) || /lossless|moving/.test(name),
    );
    expect(lossless.length).toBeGreaterThan(40);
    expect(named(lossless.filter(({ worst }) => worst > 1))).toEqual([]);
  });

  test('in lossy formats, they stay above 38 dB', () => {
    const lossy = all().filter(
      ({ format, name }) => ['JPEG', 'WEBP', 'AVIF'].includes(format[1]) && !/lossless|moving/.test(name),
    );
    expect(lossy.length).toBeGreaterThan(30);
    expect(named(lossy.filter(({ psnr }) => psnr < 38))).toEqual([]);
  });

  test('alpha is untouched, except for what AVIF loses', () => {
    expect(named(all().filter(({ alpha, format }) => alpha > (format[1] === 'AVIF' ? 4 : 0)))).toEqual([]);
  });

  test('animations keep their timing and their loops', () => {
    const animated = all().filter(({ frames }) => frames[0] > 1);
    expect(animated.length).toBeGreaterThanOrEqual(8);
    for (const { loop, durations } of animated) {
      expect(loop[1]).toBe(loop[0]);
      expect(durations[1]).toEqual(durations[0]);
    }
  });

  test('no metadata is left', () => {
    expect(all().filter(({ metadata }) => metadata.length > 0)).toEqual([]);
  });

  test('grey prints are stored as grey', () => {
    const modes = new Set(verdicts.grayscale.filter(({ format }) => /JPEG|PNG|TIFF/.test(format[1])).map(({ mode }) => mode));
    expect([...modes].toSorted()).toEqual(['L', 'LA']);
  });
});
