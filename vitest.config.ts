import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{functions,packages}/*/test/**/*.test.ts'],
    reporters: ['default', './scripts/tally.ts'],
    // The tests start real processes and servers; a slow machine is no failure.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 100_000 } },
  },
});
