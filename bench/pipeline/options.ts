import { parseArgs } from 'node:util';

export interface Options {
  /** Photos in one batch. */
  images: number;
  /** How often each batch is run. */
  rounds: number;
}

const usage = 'Usage: node bench/pipeline.ts [--images 20] [--rounds 5]';

/** @throws Error with the usage */
export function readOptions(): Options {
  try {
    const { values } = parseArgs({
      options: { images: { type: 'string', default: '20' }, rounds: { type: 'string', default: '5' } },
    });
    return { images: count(values.images), rounds: count(values.rounds) };
  } catch (cause) {
    throw new Error(usage, { cause });
  }
}

/** @throws RangeError */
export function count(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) throw new RangeError(text);
  return number;
}
