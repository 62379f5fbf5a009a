import type { Clock } from '@darkroom/shared/clock';
import { expect, test } from 'vitest';
import { awaitSilence } from '../src/hold.ts';
import { newCase } from '../src/judgement/case.ts';
import type { Service, Services } from '../src/kubernetes/service.ts';
import { annotationsOf, readRecord, type RolloutRecord } from '../src/record.ts';

const nobody = { accepted: 0, ended: 0 };
const record: RolloutRecord = {
  phase: 'running',
  id: 'r',
  candidate: 'ingest-v2',
  baseline: 'ingest-v1',
  plan: { steps: [20, 100], every: 1000, timeout: 1000, overdue: 1000, slower: 2 },
  step: 0,
  lasted: 0,
  holder: 'first',
  beat: 1,
  case: newCase,
  totals: { candidate: nobody, baseline: nobody },
  usual: {},
  rows: [],
};
const service = (changes: Partial<RolloutRecord> = {}): Service => ({
  metadata: { name: 'ingest', resourceVersion: '1', annotations: annotationsOf({ ...record, ...changes }, '') },
  spec: { traffic: [] },
  status: {},
});

/** Waits ten times a hundred milliseconds for silence. @param beats what each look finds; then, it stays so */
async function wait(...beats: number[]): Promise<{ found: Service; waited: number }> {
  let [looks, waited] = [0, 0];
  const services = { read: async () => service({ beat: beats[looks++] ?? beats.at(-1)! }) } as Partial<Services> as Services;
  const clock: Clock = { now: () => waited, sleep: async (ms) => void (waited += ms) };
  return { found: await awaitSilence(services, service(), 1000, clock, new AbortController().signal), waited };
}

test('a holder without a sign of life for a whole lease is gone', async () => {
  expect((await wait(1)).waited).toBe(1000);
});

test('one sign may have been on its way when its holder was killed, and from then on a whole lease counts', async () => {
  const { found, waited } = await wait(1, 1, 1, 2);
  expect(waited).toBe(1400);
  expect(readRecord(found)?.beat).toBe(2);
});

test('two signs are a life', async () => {
  await expect(wait(1, 2, 2, 3)).rejects.toThrow('first is at work on this rollout already');
});
