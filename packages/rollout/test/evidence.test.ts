import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { metricsText } from '../src/evidence/metrics-text.ts';
import { openLedger } from '../src/evidence/overdue.ts';
import { lately, slowIn, tempoOf } from '../src/evidence/tempo.ts';
import { emptyTally } from '../src/judgement/tally.ts';

/** /metrics that says what it is told to say. */
async function metricsServer() {
  const server = createServer((_request, response) => response.end(says.text)).listen(0, '127.0.0.1');
  const says = { text: '', url: '' };
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  says.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`;
  return says;
}

const ended = (revision: string, mail: string, made: string, count: number) =>
  `darkroom_jobs_ended_total{service="notify",revision="${revision}",outcome="completed",mail="${mail}",made="${made}"} ${count}\n`;

test('what happened before does not count, each thing counts once, and counters that begin anew count from zero', async () => {
  const server = await metricsServer();
  const witness = metricsText(async () => server.url);
  server.text = ended('a', 'sent', 'all', 1000);
  const first = await witness.testify(undefined, ['a', 'b']);
  expect(first.growths['a']).toMatchObject({ ended: 0 });

  server.text =
    ended('a', 'sent', 'all', 1007) +
    ended('b', 'sent', 'some', 2) +
    ended('b', 'failed', 'all', 3) +
    ended('b', 'none', 'none', 4) +
    ended('c', 'sent', 'all', 9) +
    'darkroom_jobs_accepted_total{service="ingest",revision="b"} 11\n' +
    'darkroom_uploads_refused_total{service="ingest",revision="b",reason="too_large"} 5\n' +
    'darkroom_uploads_refused_total{service="ingest",revision="b",reason="storage_full"} 6\n' +
    'darkroom_job_duration_seconds_bucket{service="notify",le="1",revision="b",outcome="completed"} 4\n' +
    'darkroom_job_duration_seconds_bucket{service="notify",le="1",revision="b",outcome="failed"} 1\n' +
    'darkroom_job_duration_seconds_bucket{service="notify",le="+Inf",revision="b",outcome="completed"} 9\n';
  const second = await witness.testify(first.mark, ['a', 'b']);
  expect(second.growths).toEqual({
    a: { accepted: 0, refused: 0, ended: 7, incomplete: 0, addressed: 7, unmailed: 0, within: {} },
    b: { accepted: 11, refused: 6, ended: 9, incomplete: 6, addressed: 5, unmailed: 3, within: { 1: 5, '+Inf': 9 } },
  });
  expect((await witness.testify(second.mark, ['a', 'b'])).growths['b']).toMatchObject({ ended: 0, within: { 1: 0 } });

  server.text = ended('a', 'sent', 'all', 4);
  // A mark is written down in between.
  const written = JSON.parse(JSON.stringify(second.mark)) as typeof second.mark;
  expect((await witness.testify(written, ['a', 'b'])).growths['a']).toMatchObject({ ended: 4 });
});

test('slow is what half of the baseline is, and what takes the candidate half as long again', () => {
  const usual = { 1: 10, 1.25: 60, 1.6: 90, 2: 100, '+Inf': 100 };
  expect(tempoOf(usual, 1.5)).toEqual({ baseline: '1.25', candidate: '2' });
  expect(tempoOf(usual, 1)).toEqual({ baseline: '1.25', candidate: '1.25' });
  expect(slowIn(usual, '1.25')).toEqual({ trials: 100, faults: 40 });
});

test('there is no tempo before there are jobs, nor beyond the last bound', () => {
  expect(tempoOf({ 1: 10, '+Inf': 19 }, 1.5)).toBeUndefined();
  expect(tempoOf({ 1: 30, '+Inf': 30 }, 1.5)).toBeUndefined();
  expect(slowIn({ '+Inf': 10 }, undefined)).toEqual({ trials: 0, faults: 0 });
});

test('what was usual long ago fades', () => {
  let usual: Record<string, number> = { 1: 100, '+Inf': 100 };
  for (let looks = 0; looks < 50; looks += 1) usual = lately(usual, { 1: 0, '+Inf': 2 });
  expect(usual['1']).toBeLessThan(1);
  expect(usual['+Inf']).toBeGreaterThan(19);
});

test('a job without an end counts once it cannot be new', () => {
  const ledger = openLedger(1000);
  const quiet = { accepted: 100, ended: 100 };
  const look = (at: number, accepted: number, endedJobs: number, known = emptyTally) =>
    ledger.look(at, { candidate: { accepted, ended: endedJobs }, baseline: quiet }, known);
  expect(look(0, 10, 0)).toEqual(emptyTally);
  expect(look(900, 30, 8)).toEqual(emptyTally);
  const due = look(1000, 40, 8);
  expect(due).toEqual({ candidate: { trials: 10, faults: 2 }, baseline: { trials: 100, faults: 0 } });
  // It ends late: late it stays, and is not counted again.
  const later = look(1100, 40, 12, due);
  expect(later.candidate).toEqual({ trials: 10, faults: 2 });
  expect(look(1900, 40, 12, later).candidate).toEqual({ trials: 30, faults: 18 });
});

test('in doubt, a job without an end is the baseline’s: all of its open jobs count', () => {
  const ledger = openLedger(1000);
  const totals = { candidate: { accepted: 10, ended: 10 }, baseline: { accepted: 100, ended: 60 } };
  ledger.look(0, totals, emptyTally);
  expect(ledger.look(1000, totals, emptyTally).baseline).toEqual({ trials: 100, faults: 40 });
});
