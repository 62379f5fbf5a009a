import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { alerts, runbookOf } from '../src/alerts.ts';

const repository = resolve(import.meta.dirname, '../../..');
const rules = join(repository, 'config/monitoring/rules.yaml');
const folder = mkdtempSync(join(tmpdir(), 'rules-'));
afterAll(() => rmSync(folder, { recursive: true }));

const promtool = (...words: string[]) => spawnSync('promtool', words, { encoding: 'utf8' });
const isMissing = promtool('--version').error !== undefined;

/** What Prometheus has seen, one value a minute, and the labels of what fires after `minutes`: nothing, where all is well. */
interface Case {
  series: Record<string, string>;
  minutes: number;
  fires: Record<string, string>[];
}
const ended = (le: string) => `darkroom_job_duration_seconds_bucket{revision="ingest-v1",outcome="completed",le="${le}"}`;
const allEnded = 'darkroom_job_duration_seconds_count{revision="ingest-v1",outcome="completed"}';
const made = 'darkroom_prints_made_total{revision="ingest-v2",filter="sepia"}';
const rejected = (reason: string) => `darkroom_prints_rejected_total{revision="ingest-v2",filter="sepia",reason="${reason}"}`;
const calls = (outcome: string) => `darkroom_store_call_duration_seconds_count{service="zip",call="read",outcome="${outcome}"}`;

const cases: Record<string, { firing: Case; quiet: Case }> = {
  DarkroomOldestJob: {
    firing: { series: { 'darkroom_oldest_open_job_seconds{pod="a"}': '0+60x30' }, minutes: 19, fires: [{}] },
    // A look may be late, and one pod of two may know nothing.
    quiet: {
      series: { 'darkroom_oldest_open_job_seconds{pod="a"}': '0x5 60x20', 'darkroom_oldest_open_job_seconds{pod="b"}': '0x30' },
      minutes: 19,
      fires: [],
    },
  },
  DarkroomJobsStandStill: {
    firing: { series: { 'darkroom_resumptions_total{revision="ingest-v1"}': '0+1x30' }, minutes: 15, fires: [{}] },
    quiet: { series: { 'darkroom_resumptions_total{revision="ingest-v1"}': '0x3 2x30' }, minutes: 15, fires: [] },
  },
  DarkroomSweepSilent: {
    firing: { series: { darkroom_last_look_timestamp_seconds: '0 60 120 _x20' }, minutes: 8, fires: [{}] },
    quiet: { series: { darkroom_last_look_timestamp_seconds: '0+60x20' }, minutes: 8, fires: [] },
  },
  DarkroomDeadLetters: {
    // The first one of a pod that had none to tell of.
    firing: {
      series: { 'darkroom_dead_letters_total{revision="ingest-v1",stage="sepia"}': '_x7 1x10' },
      minutes: 9,
      fires: [{ stage: 'sepia' }],
    },
    quiet: { series: { 'darkroom_dead_letters_total{revision="ingest-v1",stage="sepia"}': '4x20' }, minutes: 15, fires: [] },
  },
  DarkroomMailSettings: {
    firing: {
      series: { 'darkroom_mails_total{revision="ingest-v1",outcome="misconfigured"}': '_x7 1x10' },
      minutes: 9,
      fires: [{}],
    },
    quiet: {
      series: {
        'darkroom_mails_total{revision="ingest-v1",outcome="sent"}': '0+5x20',
        'darkroom_mails_total{revision="ingest-v1",outcome="busy"}': '0+5x20',
      },
      minutes: 9,
      fires: [],
    },
  },
  DarkroomStoreErrors: {
    firing: { series: { [calls('ok')]: '0+95x20', [calls('failed')]: '0+5x20' }, minutes: 10, fires: [{ service: 'zip' }] },
    quiet: { series: { [calls('ok')]: '0+99x20', [calls('failed')]: '0+1x20' }, minutes: 10, fires: [] },
  },
  DarkroomPrintsFail: {
    firing: { series: { [made]: '0+9x20', [rejected('late')]: '0+1x20' }, minutes: 10, fires: [{ revision: 'ingest-v2' }] },
    quiet: { series: { [made]: '0+9x20', [rejected('damaged')]: '0+5x20', [rejected('late')]: '0x20' }, minutes: 10, fires: [] },
  },
  DarkroomUploadsRefused: {
    firing: {
      series: { 'darkroom_uploads_refused_total{revision="ingest-v1",reason="storage_full"}': '0+1x20' },
      minutes: 10,
      fires: [{ reason: 'storage_full' }],
    },
    quiet: {
      series: { 'darkroom_uploads_refused_total{revision="ingest-v1",reason="too_large"}': '0+9x20' },
      minutes: 10,
      fires: [],
    },
  },
  DarkroomObjectiveBurnsFast: {
    firing: { series: { [ended('300')]: '0+8x90', [allEnded]: '0+10x90' }, minutes: 80, fires: [{}] },
    // All were late for ten minutes, and none is any more.
    quiet: { series: { [ended('300')]: '0x10 0+10x80', [allEnded]: '0+10x90' }, minutes: 60, fires: [] },
  },
  DarkroomObjectiveBurnsSlowly: {
    // As Prometheus 3 writes it.
    firing: { series: { [ended('300.0')]: '0+90x400', [allEnded]: '0+100x400' }, minutes: 390, fires: [{}] },
    quiet: { series: { [ended('300.0')]: '0+97x400', [allEnded]: '0+100x400' }, minutes: 390, fires: [] },
  },
  DarkroomNotMeasured: {
    firing: { series: { 'darkroom_start_duration_seconds_count{service="zip"}': '1x5 _x40' }, minutes: 30, fires: [{}] },
    quiet: { series: { 'darkroom_start_duration_seconds_count{service="zip"}': '1x40' }, minutes: 30, fires: [] },
  },
};

test('every alert has a runbook, and a case in which it fires and one in which it does not', () => {
  expect(Object.keys(cases).sort()).toEqual(alerts.map(({ name }) => name).sort());
  for (const alert of alerts) expect(existsSync(join(repository, 'docs/runbooks', runbookOf(alert))), alert.name).toBe(true);
});

test.skipIf(isMissing)('promtool finds no fault in the rules', () => {
  const { status, stdout, stderr } = promtool('check', 'rules', rules);
  expect(stdout + stderr).toContain('SUCCESS');
  expect(status).toBe(0);
});

test
  .skipIf(isMissing)
  .each(alerts.flatMap((alert) => (['firing', 'quiet'] as const).map((state) => [alert.name, state, alert] as const)))(
  '%s, %s (skipped without promtool)',
  (name, state, { severity }) => {
    const { series, minutes, fires } = cases[name]![state];
    const all = fires.map((labels) => ({ alertname: name, alertstate: 'firing', severity, ...labels }));
    const content = {
      rule_files: [rules],
      evaluation_interval: '30s',
      tests: [
        {
          interval: '1m',
          input_series: Object.entries(series).map(([each, values]) => ({ series: each, values })),
          promql_expr_test: [
            {
              expr: `ALERTS{alertname="${name}", alertstate="firing"}`,
              eval_time: `${minutes}m`,
              exp_samples: all.map((labels) => ({ labels: `ALERTS${written(labels)}`, value: 1 })),
            },
          ],
        },
      ],
    };
    const file = join(folder, `${name}-${state}.yaml`);
    writeFileSync(file, stringify(content));
    const { stdout, stderr } = promtool('test', 'rules', file);
    expect(stdout + stderr).toContain('SUCCESS');
  },
);

function written(labels: Record<string, string>): string {
  return `{${Object.entries(labels)
    .map(([label, value]) => `${label}="${value}"`)
    .join(', ')}}`;
}
