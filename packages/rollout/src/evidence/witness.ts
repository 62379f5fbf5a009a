import type { Growths } from './growth.ts';

/** Where a witness has got to; it can be written down, and given to another one of the same kind. */
export type Mark = { totals: Growths } | { time: number };

/** Tells what happened to the jobs of each revision. */
export interface Witness {
  /**
   * @param from where the last testimony ended; undefined to begin
   * @param revisions the only ones that matter
   * @returns what happened since, each thing once, and where the next testimony begins
   * @throws if metrics cannot be read
   */
  testify(from: Mark | undefined, revisions: readonly string[]): Promise<{ growths: Growths; mark: Mark }>;
}
