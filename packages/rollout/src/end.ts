import { mostAttempts, percentOf } from './hold.ts';
import { Refused } from './kubernetes/api.ts';
import type { Services } from './kubernetes/service.ts';
import { noticeOf } from './notice.ts';
import { annotationsOf, messageIn, type Phase, readRecord, type RolloutRecord } from './record.ts';
import { rowOf } from './report.ts';
import { withoutHolder } from './scribe.ts';
import { CannotRoll, splitBy } from './traffic.ts';

/** A record once its rollout is over: nobody holds it any more, and its last step is in the table. */
export function ended(record: RolloutRecord, phase: Phase, line: string): RolloutRecord {
  const isBack = phase === 'rolled-back';
  return {
    ...withoutHolder(record),
    phase,
    rows: [...record.rows, rowOf(record, phase)],
    ...(isBack && { notice: noticeOf(record, 'rolledBack', line) }),
  };
}

/**
 * Ends a rollout by hand: all traffic goes back, whoever is at work on it.
 * @returns what was written
 * @throws CannotRoll if there is none
 */
export async function abort(services: Services, name: string): Promise<{ record: RolloutRecord; line: string }> {
  for (let attempt = 1; ; attempt += 1) {
    const service = await services.read(name);
    const found = readRecord(service);
    if (found?.phase !== 'running') throw new CannotRoll(`No rollout of ${name} is under way. ${messageIn(service)}`);
    const line = `${percentOf(found)} % to 0 %: ended by hand`;
    const record = ended(found, 'rolled-back', line);
    try {
      await services.change(service, { annotations: annotationsOf(record, line), traffic: splitBy(service, found, 0) });
      return { record, line };
    } catch (error) {
      if (!(error instanceof Refused) || error.status !== 409 || attempt === mostAttempts) throw error;
    }
  }
}
