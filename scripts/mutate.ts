/**
 * npm run mutate -- [area ...] [--only FILE]
 * Changes the files that decide, one small change at a time, and tells which changes no test notices. It runs their in-process tests
 * alone: what only a real process can show is not judged here. The report, with each survivor, goes to reports/mutation/<area>.html.
 */
import { parseArgs } from 'node:util';
import { Stryker } from '@stryker-mutator/core';

interface Area {
  /** The files that decide. */
  files: string[];
  /** The tests that hold them, quick and in one process. */
  tests: string[];
}

const areas: Record<string, Area> = {
  sweep: {
    files: ['functions/sweep/src/{resume,watch,dead-letter,give-up,expire,store-time,task}.ts'],
    tests: ['functions/sweep/test/{resume,watch,dead-letter,expire,task,log}.test.ts'],
  },
  notify: {
    files: ['functions/notify/src/{schedule,smtp-reply,notifier,smtp,sendgrid,names,retry,outcome,record,attachments}.ts'],
    tests: ['functions/notify/test/*.test.ts'],
  },
  store: {
    files: [
      'packages/shared/src/store/{lock,drafts,file-store,open,s3-client,s3-failure}.ts',
      'packages/shared/src/job/{remove,progress,address,names,dead-letter}.ts',
      'packages/shared/src/stage/{stage,publish,token}.ts',
    ],
    tests: [
      'packages/shared/test/{job-*,stage,stage-*}.test.ts',
      'packages/shared/test/store-{lock,drafts,file,file-races,open,s3-faults,s3-streams}.test.ts',
    ],
  },
  worker: {
    files: ['packages/shared/src/worker/{pool,line,budget,watch,load,count}.ts'],
    tests: ['packages/shared/test/worker-*.test.ts'],
  },
  ingest: {
    files: [
      'functions/ingest/src/upload/{accept,claim,allowance,quota,wishes,address,transfer-encoding}.ts',
      'functions/ingest/src/http/{bulkhead,pace,drain,origin,client}.ts',
      'functions/ingest/src/fair-share.ts',
    ],
    tests: ['functions/ingest/test/*.test.ts'],
  },
  broker: {
    files: ['packages/knative-local/src/broker/*.ts'],
    tests: ['packages/knative-local/test/*.test.ts'],
  },
  processes: {
    files: ['packages/knative-local/src/{router,pings,within}.ts', 'packages/knative-local/src/process/*.ts'],
    tests: ['packages/knative-local/test/*.test.ts'],
  },
};

/** Percent of the changes that a test has to notice. */
const enough = 90;

const { values, positionals } = parseArgs({ allowPositionals: true, options: { only: { type: 'string' } } });
const chosen = positionals.length > 0 ? positionals : Object.keys(areas);
const unknown = chosen.filter((name) => !areas[name]);
if (unknown.length > 0)
  throw new Error(`There is no area ${unknown.join(', ')}. The areas are ${Object.keys(areas).join(', ')}.`);

for (const name of chosen) {
  const { files, tests } = areas[name]!;
  // The configuration of vitest is read in a process of Stryker's.
  process.env['MUTATED_TESTS'] = JSON.stringify(tests);
  await new Stryker({
    testRunner: 'vitest',
    plugins: ['@stryker-mutator/vitest-runner'],
    vitest: { configFile: 'scripts/mutate.vitest.ts', related: false },
    mutate: values.only ? [values.only] : files,
    coverageAnalysis: 'perTest',
    concurrency: 2,
    timeoutMS: 20_000,
    ignorePatterns: ['dist', '.turbo', '.darkroom', 'reports'],
    // It would rewrite references in tsconfig files by the compiler's programming interface, which TypeScript 7 has no longer.
    tsconfigFile: 'none',
    reporters: ['clear-text', 'html', 'json'],
    clearTextReporter: { logTests: false, reportTests: false, allowColor: process.stdout.isTTY },
    htmlReporter: { fileName: `reports/mutation/${name}.html` },
    jsonReporter: { fileName: `reports/mutation/${name}.json` },
    thresholds: { high: 95, low: enough, break: enough },
  }).runMutationTest();
}
