import { defineConfig } from 'vitest/config';
import { inline } from './scripts/inline.ts';

export default defineConfig({
  // A server can run within a test, and then reads its page as the bundle does.
  plugins: [{ ...inline(), enforce: 'pre' }],
  test: {
    include: ['{functions,packages}/*/test/**/*.test.ts'],
    reporters: ['default', './scripts/tally.ts'],
    // The tests start real processes and servers; a slow machine is no failure.
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
