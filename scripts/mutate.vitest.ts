import { defineConfig, mergeConfig } from 'vitest/config';
import common from '../vitest.config.ts';

const include = JSON.parse(process.env['MUTATED_TESTS'] ?? '[]') as string[];

/** The tests of one area. A plain list would be added to that of all tests. */
export default mergeConfig(
  // Nobody reads what they log, and to keep it takes as long as the tests themselves.
  { ...common, test: { ...common.test, include: [], reporters: ['default'], disableConsoleIntercept: true } },
  defineConfig({ test: { include } }),
);
