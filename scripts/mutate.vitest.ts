import { matchesGlob, relative } from 'node:path';
import { defineConfig, mergeConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import common from '../vitest.config.ts';

const include = JSON.parse(process.env['MUTATED_TESTS'] ?? '[]') as string[];

/** In the order in which they are named: once a quick one fails, the rest need not run. */
class InOrder extends BaseSequencer {
  override async sort(files: TestSpecification[]) {
    const rank = ({ moduleId }: TestSpecification) =>
      include.findIndex((pattern) => matchesGlob(relative(this.ctx.config.root, moduleId), pattern));
    return files.toSorted((one, other) => rank(one) - rank(other));
  }
}

/** The tests of one area. A plain list would be added to that of all tests. */
export default mergeConfig(
  // Nobody reads what they log, and keeping it takes as long as the tests themselves.
  { ...common, test: { ...common.test, include: [], reporters: ['default'], disableConsoleIntercept: true } },
  defineConfig({ test: { include, sequence: { sequencer: InOrder } } }),
);
