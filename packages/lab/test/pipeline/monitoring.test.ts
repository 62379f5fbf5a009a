import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { setTimeout } from 'node:timers/promises';
import type { WrittenChart } from 'knative-local/charts/description';
import type { ChartsView } from 'knative-local/charts/view';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type MailServer, startMailServer } from '../../../../functions/notify/test/mail-server.ts';
import { asked, watched } from '../../../monitoring/src/asked.ts';
import { panelOf } from '../../../monitoring/src/chart-panel.ts';
import { peopleCharts } from '../../../monitoring/src/dashboards/people.ts';
import { photo } from '../../../shared/test/support/lab.ts';
import { isPrometheusMissing, type Prometheus, startPrometheus } from '../prometheus.ts';
import { type Darkroom, eventually, openDarkroom, pidsOf } from './darkroom.ts';

/** Grafana's own variables, for an hour that has just begun. */
const filledIn = (expr: string) => expr.replaceAll('$__range', '5m').replaceAll('$__rate_interval', '30s');

const charts = peopleCharts.rows.flatMap((row) => row.charts);
const rounded = (value: number) => Number(value.toPrecision(9));

/** What the console draws of the last five minutes. */
async function chartsOf({ consoleUrl }: Darkroom): Promise<ChartsView> {
  const { origin, searchParams } = new URL(consoleUrl);
  const headers = { authorization: `Bearer ${searchParams.get('token')}` };
  return (await (await fetch(`${origin}/api/charts?minutes=5`, { headers })).json()) as ChartsView;
}

/** Jobs of each version beyond the five of which something becomes of everything: `MORE_JOBS=145` makes 300 in all. One in ten has a damaged photo. */
const more = Number(process.env['MORE_JOBS'] ?? 0);

/** What nothing in this test brings about. */
const unprovoked = ['Darkroom: pipeline: Workers lost in five minutes'];

const panels = asked({ range: '5m', rateInterval: '30s' }).filter(
  ({ by, only }) => only !== 'cluster' && !unprovoked.includes(by),
);
/** `absent` has no data as long as there are some. */
const watchedHere = watched.filter(({ expr }) => !expr.startsWith('absent'));

describe.skipIf(isPrometheusMissing)('a real Prometheus that scrapes npm start (skipped without prometheus)', () => {
  let mails: MailServer;
  let darkroom: Darkroom;
  let prometheus: Prometheus;
  /** Queries that have had data: most tell of the last five minutes only. */
  const answered = new Set<string>();
  /** Charts of which the console has shown what Prometheus said. */
  const agreed = new Set<string>();
  const over = new AbortController();
  let asking: Promise<void>;

  beforeAll(async () => {
    mails = await startMailServer();
    const webhooks = { WEBHOOKS: 'http', WEBHOOK_NETWORKS: '127.0.0.1/32' };
    darkroom = await openDarkroom({ SMTP_URL: mails.url, MAIL_RETRY: '1', JOB_DEADLINE: '5', ...webhooks }, { prepare });
    prometheus = await startPrometheus([new URL(darkroom.metricsUrl).host]);
    asking = ask([...panels, ...watchedHere].map(({ expr }) => expr));
    await provoke();
  });
  afterAll(async () => {
    over.abort();
    await asking;
    await prometheus?.close();
    await darkroom?.close();
    await mails?.close();
  });

  test.each(panels)('$by', async ({ expr }) => {
    await eventually(async () => answered.has(expr) || undefined);
  });

  test.each(watchedHere)('the alert $by has something to watch', async ({ expr }) => {
    await eventually(async () => answered.has(expr) || undefined);
  });

  test('alerts fire for what was provoked', async () => {
    const firing = () => prometheus.query('ALERTS{alertstate="firing"}');
    await eventually(async () => {
      const names = (await firing()).map(({ metric }) => metric['alertname']);
      return ['DarkroomDeadLetters', 'DarkroomMailSettings'].every((name) => names.includes(name)) || undefined;
    });
  });

  test('what is counted is what happened', async () => {
    // A busy machine may have missed the last scrapes.
    const jobs = await prometheus.query('sum by (revision) (last_over_time(darkroom_jobs_accepted_total[1h]))');
    expect(Object.fromEntries(jobs.map(({ metric, value }) => [metric['revision'], value]))).toEqual({
      'ingest-v1': 5 + more,
      'ingest-v2': 5 + more,
    });
    const growth = await prometheus.query('max by (revision) (max_over_time(darkroom:jobs_accepted:increase5m[1h]))');
    expect(growth.map(({ value }) => value)).toEqual([5 + more, 5 + more]);
    const text = await (await fetch(darkroom.metricsUrl)).text();
    expect(text).not.toMatch(/[0-9a-f]{8}-[0-9a-f]{4}-|person@|photo\.jpg/);
  });

  test.each(charts.map(({ title }) => [title]))('the console draws as Prometheus says: %s', async (title) => {
    await eventually(async () => agreed.has(title) || undefined);
  });

  /** Whether both say the same at the moment, and something at all. */
  async function compare(chart: WrittenChart, view: ChartsView): Promise<boolean> {
    const named = (labels: Record<string, string>) =>
      chart.legend.replaceAll(/\{\{(\w+)\}\}/g, (_all, label: string) => labels[label]!);
    const found = await prometheus.query(filledIn(panelOf(chart).queries[0]!.expr));
    const expected = found
      .filter(({ value }) => !Number.isNaN(value))
      .map(({ metric, value }) => [named(metric), rounded(value)] as const);
    const drawn = view.rows.flatMap((row) => row.charts).find(({ title }) => title === chart.title);
    const last = drawn!.series.flatMap(({ name, values }) => {
      const value = values.at(-1);
      return typeof value === 'number' ? [[name, rounded(value)] as const] : [];
    });
    const isTelling = 'growth' in chart.measure ? expected.some(([, value]) => value > 0) : expected.length > 0;
    return isTelling && isDeepStrictEqual(new Map(expected), new Map(last));
  }

  async function ask(queries: string[]): Promise<void> {
    while (!over.signal.aborted) {
      for (const expr of queries.filter((each) => !answered.has(each)))
        if ((await prometheus.query(expr)).length > 0) answered.add(expr);
      // One looks every second, the other every five: they agree once nothing has happened for a moment.
      if (charts.some(({ title }) => !agreed.has(title))) {
        const view = await chartsOf(darkroom);
        for (const chart of charts.filter(({ title }) => !agreed.has(title)))
          if (await compare(chart, view)) agreed.add(chart.title);
      }
      await setTimeout(200);
    }
  }

  /** Few retries, and a look of sweep at whatever stands still for a second. */
  async function prepare(folder: string): Promise<void> {
    const change = async (file: string, from: RegExp, to: string) => {
      const path = join(folder, 'config', file);
      const text = await readFile(path, 'utf8');
      expect(text).toMatch(from);
      await writeFile(path, text.replace(from, to));
    };
    await change('base/broker.yaml', /retry: 5/, 'retry: 1');
    await change('base/broker.yaml', /PT0\.5S/, 'PT0.1S');
    await change('base/sweep.yaml', /"idleSeconds": 30/, '"idleSeconds": 1');
  }

  /** Something of all that can happen, in both versions. */
  async function provoke(): Promise<void> {
    const good = await photo();
    const file = (bytes: Buffer) => ({ name: 'photo.jpg', bytes });
    const jobOf = async (answer: Promise<Response>) => ((await (await answer).json()) as { job: string }).job;
    // Nobody listens at port 9.
    const fields = { notify_url: 'http://127.0.0.1:9/' };
    const post = (tag: string, files: ReturnType<typeof file>[]) => jobOf(darkroom.post(files, { tag, fields }));
    const cut = good.subarray(0, good.length - 300);
    const jobs: string[] = [];
    for (const tag of ['v1', 'v2'])
      for (const files of [[file(good)], [file(good), file(good)], [file(cut)]]) jobs.push(await post(tag, files));
    for (let count = 0; count < more; count += 1)
      for (const tag of ['v1', 'v2']) jobs.push(await post(tag, [file(count % 10 === 0 ? cut : good)]));
    for (const job of jobs) await darkroom.finished(job);

    // The mail server refuses our sign-in for a while.
    mails.script = { mail: '550 5.7.1 this sender is not allowed' };
    for (const tag of ['v1', 'v2']) jobs.push(await post(tag, [file(good)]));
    await eventually(async () => (darkroom.output().includes('MAIL SETTINGS DO NOT WORK') ? true : undefined));
    mails.script = {};

    // Their photos vanish before a filter sees them.
    const filters = (await Promise.all(['grayscale', 'sepia'].map((name) => pidsOf(darkroom, name)))).flat();
    for (const pid of filters) process.kill(pid, 'SIGSTOP');
    for (const tag of ['v1', 'v2']) {
      const job = await post(tag, [file(good)]);
      await rm(join(darkroom.folder, 'data/store/jobs', job, '1/original.jpg'));
    }
    for (const pid of filters) process.kill(pid, 'SIGCONT');

    // The store cannot take a claim, and a sender mistypes the address.
    await writeFile(join(darkroom.folder, 'data/store/claims'), 'in the way');
    expect((await darkroom.post([file(good)], { key: 'k' })).status).toBe(503);
    expect((await darkroom.post([file(good)], { fields: { email: 'nobody' } })).status).toBe(400);
  }
});
