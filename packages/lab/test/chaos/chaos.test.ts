import { expect, test } from 'vitest';
import { runChaos } from './chaos.ts';
import { verdict } from './verdict.ts';

test('16 jobs survive drops, duplicates, store errors, full disks, busy and silent mail, kills, freezes and deletions', async () => {
  const lines: string[] = [];
  const books = await runChaos({
    jobs: 16,
    seed: 42,
    drop: 0.1,
    duplicate: 0.1,
    delay: 0.2,
    storeFaults: 0.05,
    busyMail: 0.1,
    unclearMail: 0.05,
    deletions: 0.2,
    large: 0.1,
    killEvery: 1,
    freezeEvery: 5,
    fullEvery: 10,
    sweepEvery: 15,
    limit: 540,
    say: (line) => lines.push(line),
  });
  // A busy machine may need the time of several looks for the work itself.
  expect(verdict(books, 10), lines.join('\n')).toEqual([]);
});
