/**
 * npm run mutate -- [area ...] [--only FILE]
 * Changes the files that decide, one small change at a time, and tells which changes no test notices. It runs their in-process tests
 * alone: what only a real process can show is not tested here. The report, with each survivor, goes to reports/mutation/<area>.html.
 */
import { parseArgs } from 'node:util';
import { Stryker } from '@stryker-mutator/core';

interface Area {
  /** The files that decide. */
  files: string[];
  /** The tests that check them, in one process, the quickest first. */
  tests: string[];
}

const areas: Record<string, Area> = {
  sweep: {
    files: [
      'functions/sweep/src/{resume,resume-job,missing-events,watch,dead-letter,give-up,expire,leaving,walk,store-time,task}.ts',
    ],
    tests: ['functions/sweep/test/{resume,watch,dead-letter,expire,task,log}.test.ts'],
  },
  notify: {
    files: [
      'functions/notify/src/{schedule,notifier,smtp,smtp-reply,sendgrid,sendgrid-reply,transport}.ts',
      'functions/notify/src/{names,retry,outcome,record,attachments,content,mail,plain-text}.ts',
    ],
    tests: ['functions/notify/test/{schedule,notifier,retry,smtp*,sendgrid*,transport,names,mail}.test.ts'],
  },
  zip: {
    files: ['functions/zip/src/{archive,zip-file,packer}.ts'],
    tests: ['functions/zip/test/{archive,zip-file,packer}.test.ts'],
  },
  store: {
    files: [
      'packages/shared/src/store/{lock,term,drafts,file-store,idle-timeout,open,s3-client,s3-failure}.ts',
      'packages/shared/src/job/{remove,progress,address,names,dead-letter}.ts',
      'packages/shared/src/stage/{stage,publish,token}.ts',
    ],
    tests: [
      'packages/shared/test/{job-*,stage,stage-*}.test.ts',
      'packages/shared/test/store-{lock,drafts,file,file-races,idle-timeout,open,s3-faults,s3-streams}.test.ts',
    ],
  },
  worker: {
    files: [
      'packages/shared/src/worker/{pool,attempt,crew,lost,line,budget,watch,load,count}.ts',
      'packages/shared/src/image/cost.ts',
    ],
    tests: ['packages/shared/test/{worker-*,image-estimate}.test.ts'],
  },
  ingest: {
    files: [
      'functions/ingest/src/{upload,http}/*.ts',
      'functions/ingest/src/jobs/{file-name,files,routes,send-file,status}.ts',
      'functions/ingest/src/{fair-share,server,stop,storage}.ts',
      // Counts for Prometheus decide nothing.
      '!functions/ingest/src/http/metrics.ts',
    ],
    // First those of one part each, then those of the whole server. The others start processes.
    tests: [
      'functions/ingest/test/{accept,allowance,claim,client,email,file-name,pace,settings,spool,storage,time,transfer-encoding,turns,wishes}.test.ts',
      'functions/ingest/test/{addresses,fields,files,idempotency,jobs,page,parts,refusal,server,upload}.test.ts',
      'functions/ingest/test/fairness.test.ts',
    ],
  },
  broker: {
    files: [
      'packages/knative-local/src/broker/{attempt,backlog,binding,broker,delivery,dispatch,event,filter,ingress,structured}.ts',
      'packages/knative-local/src/journal/{entry,journal,shelf}.ts',
    ],
    tests: ['packages/knative-local/test/{attempt,backlog,brokers,event,filter,ingress,journal,retries}.test.ts'],
  },
  console: {
    // The others are checked by a runtime with real functions.
    files: ['packages/knative-local/src/console/live.ts'],
    tests: ['packages/knative-local/test/live.test.ts'],
  },
  processes: {
    files: [
      'packages/knative-local/src/{router,pings,within}.ts',
      'packages/knative-local/src/process/{autoscaler,child,fleet,gate,leash,life,loopback,ports,probe,revision,scaled-revision,supervisor}.ts',
      'packages/knative-local/src/manifest/{traffic,duration,filters,probes,scale,delivery}.ts',
    ],
    tests: [
      'packages/knative-local/test/{autoscaler,child,fleet,forwarding,gate,loopback,manifest-parts,pings,ports,probe,revision,scaled-revision,supervision,within}.test.ts',
    ],
  },
  scaffolding: {
    files: ['packages/shared/src/filter/option.ts', 'packages/knative-local/src/project.ts', 'packages/lab/src/sources.ts'],
    tests: [
      'packages/shared/test/filter-option-schema.test.ts',
      'packages/knative-local/test/project.test.ts',
      'packages/lab/test/sources.test.ts',
    ],
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
    ignorePatterns: ['dist', '.functions-*', '.turbo', '.darkroom', 'reports'],
    // It would rewrite references in tsconfig files through the compiler's API, which TypeScript 7 no longer has.
    tsconfigFile: 'none',
    reporters: ['clear-text', 'html', 'json'],
    clearTextReporter: { logTests: false, reportTests: false, allowColor: process.stdout.isTTY },
    htmlReporter: { fileName: `reports/mutation/${name}.html` },
    jsonReporter: { fileName: `reports/mutation/${name}.json` },
    thresholds: { high: 95, low: enough, break: enough },
  }).runMutationTest();
}
