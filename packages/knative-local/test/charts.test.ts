import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Charts, readCharts, type WrittenChart } from '../src/charts/description.ts';
import { type ChartRoom, createChartRoom } from '../src/charts/room.ts';
import { limits } from '../src/limits.ts';
import { readFamilies } from '../src/metrics/exposition.ts';
import { makeFolder } from './folders.ts';

const start = Date.parse('2026-07-01T12:00:00Z');
const minute = 60_000;

const chart = (part: Pick<WrittenChart, 'measure'> & Partial<Charts['rows'][number]['charts'][number]>) => ({
  title: 'A chart',
  description: 'What it tells.',
  look: 'lines' as const,
  unit: 'count' as const,
  by: ['revision'],
  legend: '{{revision}}',
  ...part,
});
const roomOf = (...charts: Charts['rows'][number]['charts']) =>
  createChartRoom({ window: 300, rows: [{ title: 'A row', charts }] });
const take = ({ history }: ChartRoom, minutes: number, text: string) =>
  history.take(readFamilies(text), start + minutes * minute);
const seriesOf = (room: ChartRoom, minutes = 60) => room.view(minutes).rows[0]!.charts.map(({ series }) => series);
const valuesOf = (room: ChartRoom, minutes = 60) =>
  seriesOf(room, minutes).map((all) => Object.fromEntries(all.map(({ name, values }) => [name, values])));

const accepted = (v1: number, v2?: number) =>
  `# TYPE accepted_total counter\naccepted_total{service="a",revision="v1"} ${v1}\n` +
  (v2 === undefined ? '' : `accepted_total{service="a",revision="v2"} ${v2}\naccepted_total{service="b",revision="v2"} 10\n`);
const growth = { growth: { counters: ['accepted_total'] } };

test('the growth of a counter within the window, from zero where a series begins, over all other labels', () => {
  const room = roomOf(chart({ measure: growth }));
  take(room, 0, accepted(2));
  take(room, 1, accepted(2, 1));
  take(room, 4, accepted(5, 4));
  take(room, 6, accepted(6, 4));
  expect(room.view(60).times).toEqual([0, 1, 4, 6].map((minutes) => start + minutes * minute));
  // At 6 minutes, the window began at 1.
  expect(valuesOf(room)).toEqual([{ v1: [2, 2, 5, 4], v2: [null, 11, 14, 3] }]);
});

test('figures tell of the whole time that was asked for', () => {
  const room = roomOf(chart({ measure: growth, look: 'figures' }));
  take(room, 0, accepted(2));
  take(room, 10, accepted(5));
  take(room, 30, accepted(9));
  expect(valuesOf(room)).toEqual([{ v1: [9] }]);
  expect(valuesOf(room, 20)).toEqual([{ v1: [4] }]);
});

test('the share of one growth in another: none of something is zero, and nothing has no share', () => {
  const where = { outcome: 'failed' };
  const room = roomOf(
    chart({ measure: { share: { counters: ['ended_total'], where }, of: { counters: ['ended_total', 'lost_total'] } } }),
  );
  const ended = (revision: string, outcome: string, count: number) =>
    `ended_total{revision="${revision}",outcome="${outcome}"} ${count}\n`;
  take(
    room,
    0,
    ended('v1', 'failed', 1) + ended('v1', 'completed', 2) + 'lost_total{revision="v1"} 1\n' + ended('v2', 'completed', 7),
  );
  expect(valuesOf(room)).toEqual([{ v1: [0.25], v2: [0] }]);
  take(
    room,
    6,
    ended('v1', 'failed', 1) + ended('v1', 'completed', 2) + 'lost_total{revision="v1"} 1\n' + ended('v2', 'completed', 8),
  );
  expect(valuesOf(room)).toEqual([{ v1: [0.25, null], v2: [0, 0] }]);
});

const bucket = (le: string, count: number) => `wait_seconds_bucket{revision="v1",le="${le}"} ${count}\n`;

test.each<[number, number[], number | null]>([
  // By hand, as Prometheus' documentation of histogram_quantile says.
  [0.5, [2, 8, 10, 10], 1.5],
  [0.95, [2, 8, 10, 10], 3.5],
  [0.1, [4, 8, 10, 10], 0.25],
  [0, [4, 8, 10, 10], null],
  [1, [2, 8, 10, 10], 4],
  [0.5, [0, 0, 2, 10], 4],
  [0.5, [0, 0, 0, 0], null],
])('quantile %d of buckets to 1, 2, 4 and beyond, %j: %d', (quantile, [one, two, four, all], expected) => {
  const room = roomOf(chart({ measure: { quantile, histogram: 'wait_seconds' } }));
  const text = bucket('1', one!) + bucket('2', two!) + bucket('4', four!) + bucket('+Inf', all!);
  take(room, 0, `# TYPE wait_seconds histogram\n${text}`);
  expect(valuesOf(room)).toEqual([expected === null ? {} : { v1: [expected] }]);
});

test('a gauge is the largest of all processes, and nothing once none is left', () => {
  const room = roomOf(chart({ measure: { gauge: 'open' }, by: [], legend: 'jobs' }));
  take(room, 0, 'open{pod="a"} 3\nopen{pod="b"} 5\n');
  take(room, 1, 'open{pod="a"} 4\n');
  take(room, 2, '');
  expect(valuesOf(room)).toEqual([{ jobs: [5, 4, null] }]);
});

test('the same labels have the same mark in all charts, whichever is seen first; of figures, the first label decides', () => {
  const outcome = { growth: { counters: ['ended_total'] } };
  const room = roomOf(
    chart({ measure: growth, look: 'areas' }),
    chart({ measure: outcome, look: 'figures', by: ['revision', 'outcome'], legend: '{{revision}} {{outcome}}' }),
    chart({ measure: outcome }),
  );
  const ended = 'ended_total{revision="v2",outcome="failed"} 1\nended_total{revision="v2",outcome="completed"} 1\n';
  take(room, 0, `accepted_total{revision="v2"} 1\n${ended}`);
  room.view(60);
  take(room, 1, `${accepted(1, 1)}${ended}ended_total{revision="v1",outcome="failed"} 1\n`);
  const marks = seriesOf(room).map((all) => Object.fromEntries(all.map(({ name, mark }) => [name, mark])));
  expect(marks).toEqual([
    { v1: 1, v2: 0 },
    { 'v1 failed': 1, 'v2 completed': 0, 'v2 failed': 0 },
    { v1: 1, v2: 0 },
  ]);
});

test('remembers an hour and what the longest window needs, and no more', () => {
  const room = createChartRoom({ window: 600, rows: [{ title: 'A row', charts: [chart({ measure: growth })] }] });
  const samples = 2000;
  for (let index = 0; index < samples; index += 1) take(room, index / 12, accepted(index));
  const { history } = room;
  expect(history.times.length).toBeLessThan(limits.chartTime / limits.metricsInterval + 3);
  const { times } = room.view(60);
  expect(times.length).toBeLessThanOrEqual(180);
  expect(times.at(-1)).toBe(history.times.at(-1));
  expect(times.at(-1)! - times[0]!).toBeGreaterThan(59 * minute);
  // One in five seconds, 120 in each window: also in the first, of which the beginning is not shown.
  expect(new Set(valuesOf(room)[0]!['v1'])).toEqual(new Set([120]));
});

test('labels without end do not fill the memory', () => {
  const room = roomOf(chart({ measure: growth }));
  const lines = Array.from({ length: 1000 }, (_, index) => `accepted_total{revision="${index}"} 1`);
  take(room, 0, lines.join('\n'));
  expect(seriesOf(room)[0]).toHaveLength(limits.chartCourses);
});

test('when the clock is set back, what has been counted is not counted again', () => {
  const room = roomOf(chart({ measure: growth }));
  take(room, 0, accepted(10));
  take(room, 8, accepted(11));
  take(room, 3, accepted(12));
  expect(valuesOf(room)).toEqual([{ v1: [10, 1, 2] }]);
  const { times } = room.view(60);
  expect([...times].sort((one, other) => one - other)).toEqual(times);
});

test('nothing before the first sample', () => {
  expect(roomOf(chart({ measure: growth })).view(15)).toMatchObject({ times: [], rows: [{ charts: [{ series: [] }] }] });
});

test.each<[string, RegExp]>([
  ['{', /^.*charts\.json does not describe charts\. Mend it, or start without it\. /],
  ['{"window":1,"rows":[]}', /window: /],
  ['{"window":300,"rows":[{"title":"a","charts":[{}]}]}', /rows\.0\.charts\.0\.title: /],
  [JSON.stringify({ window: 300, rows: [{ title: 'a', charts: [chart({ measure: { gauge: 'no name' } })] }] }), /measure/],
  [JSON.stringify({ window: 300, rows: [{ title: 'a', charts: [{ ...chart({ measure: growth }), colour: 'red' }] }] }), /colour/],
])('a description is refused with its place: %s', async (text, message) => {
  const folder = await makeFolder({ 'charts.json': text });
  await expect(readCharts(join(folder, 'charts.json'))).rejects.toThrow(message);
});
