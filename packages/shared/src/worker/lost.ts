import { Rejected, Unavailable } from '../errors.ts';
import type { Bounds, Excess } from './watch.ts';

/** A worker was lost over its task. */
export class Lost extends Error {
  override readonly name = 'Lost';
  readonly why: 'crash' | 'killed' | Excess;

  constructor(why: Lost['why'], message: string) {
    super(message);
    this.why = why;
  }
}

/** What the person reads once a photo has done this twice. The other reasons are faults of the machine. */
const sentences: Partial<Record<Lost['why'], (bounds: Bounds) => string>> = {
  crash: () => 'The file is damaged and cannot be developed. Open it in a photo editor and save it again.',
  time: ({ seconds }) => `It took longer than ${seconds} seconds to develop and was stopped. Send a smaller version of it.`,
  hung: () => 'The file makes the program that reads it hang. Open it in a photo editor and save it again.',
  memory: () => 'It takes more memory to develop than one photo may use. Send a smaller version of it.',
};

/**
 * Finds out over several attempts of one task who is to blame for lost workers. Once may be chance.
 * @returns a function to call at every loss
 * @throws Rejected when the photo has lost two of them, Unavailable when the machine has
 */
export function blame(bounds: Bounds): (lost: Lost) => void {
  const seen = { photo: 0, machine: 0 };
  return (lost) => {
    const sentence = sentences[lost.why];
    seen[sentence ? 'photo' : 'machine'] += 1;
    if (sentence && seen.photo === 2) throw new Rejected(sentence(bounds), { reason: lost.why, cause: lost });
    if (seen.machine === 2) throw new Unavailable('Image workers keep dying, and not because of the photo', { cause: lost });
  };
}
