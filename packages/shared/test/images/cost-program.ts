/** Makes the print of the photo in a file, and reports how many bytes of memory that took at its peak, and how many were estimated. */
import { readFileSync } from 'node:fs';
import { render } from '../../src/filter/develop.ts';
import { costOf } from '../../src/image/cost.ts';
import { prepare } from '../../src/image/inspect.ts';
import '../../src/image/jimp.ts';
import '../../src/image/libvips.ts';
import type { PrintType } from '../../src/image/formats.ts';
import { filters, imageLimits } from './filters.ts';

const [path, type, way] = process.argv.slice(2) as [string, PrintType, 'matrix' | 'function'];
const peak = () => Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'latin1'))![1]) * 1024;
const limits = { ...imageLimits, HEIC: true };
const bytes = readFileSync(path);
const { header } = await prepare(bytes, limits);
const before = peak();
await render(bytes, { type }, way === 'matrix' ? filters.sepia : (image) => filters.sepia(image), limits);
const reckoned = costOf(header, bytes.length, type, way === 'matrix').bytes;
process.stdout.write(JSON.stringify({ taken: peak() - before, reckoned }));
