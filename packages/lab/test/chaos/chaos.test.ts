import { expect, test } from 'vitest';
import { runChaos } from './chaos.ts';
import { verdict } from './verdict.ts';

test('24 jobs under drops, duplicates, store errors, busy mail and kills: the books balance', { timeout: 300_000 }, async () => {
  const lines: string[] = [];
  const books = await runChaos({
    jobs: 24,
    seed: 42,
    drop: 0.1,
    duplicate: 0.1,
    delay: 0.2,
    storeFaults: 0.05,
    busyMail: 0.1,
    killEvery: 1,
    sweepEvery: 15,
    say: (line) => lines.push(line),
  });
  expect(verdict(books), lines.join('\n')).toEqual([]);
});
