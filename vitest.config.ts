import { defineConfig } from 'vitest/config';
import { inline } from './scripts/inline.ts';

/**
 * Milliseconds. No test, and nothing in one, has a time limit of its own: this one ends what hangs. The tests start real processes and
 * servers, and a slow machine is no failure.
 */
const longest = 600_000;

export default defineConfig({
  // A server can run within a test, and then reads its page as the bundle does.
  plugins: [{ ...inline(), enforce: 'pre' }],
  test: {
    include: ['{functions,packages,examples}/*/test/**/*.test.ts'],
    reporters: ['default', './scripts/tally.ts'],
    testTimeout: longest,
    hookTimeout: longest,
    // Many tests wait for processes and clocks rather than work, so two at a time suit even one processor.
    maxWorkers: 2,
    // Shorter than a test, so that what it waited for in vain is told.
    expect: { poll: { timeout: longest / 2, interval: 20 } },
  },
});
