import { defineConfig } from 'vitest/config';

/**
 * Milliseconds. No test, and nothing in one, has a time limit of its own: this one ends what hangs. The tests start real processes and
 * servers, and a slow machine is no failure.
 */
const longest = 600_000;

export default defineConfig({
  test: {
    include: ['{functions,packages}/*/test/**/*.test.ts'],
    reporters: ['default', './scripts/tally.ts'],
    testTimeout: longest,
    hookTimeout: longest,
    // Shorter than a test, so that what it waited for in vain is told.
    expect: { poll: { timeout: longest / 2, interval: 20 } },
  },
});
