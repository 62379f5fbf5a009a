import type { Reporter, TestModule, SerializedError } from 'vitest/node';

/** Ends a test run with a plain line that any CI can read: "12 passed, 0 failed, 1 skipped". */
export default class Tally implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly SerializedError[]): void {
    const states = modules.flatMap((module) => [...module.children.allTests()].map((test) => test.result().state));
    const count = (state: string) => states.filter((candidate) => candidate === state).length;
    // A file that could not even be loaded has no tests, and must count all the same.
    const broken = modules.filter((module) => !module.ok() && module.errors().length > 0).length + errors.length;
    const skipped = count('skipped');
    console.log(`\n${count('passed')} passed, ${count('failed') + broken} failed${skipped ? `, ${skipped} skipped` : ''}`);
  }
}
