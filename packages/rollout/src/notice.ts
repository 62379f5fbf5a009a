import { CloudEvent, HTTP } from 'cloudevents';
import { eventType } from '@darkroom/shared/events';
import type { Notice, RolloutRecord } from './record.ts';

/** Where events go, and the secret that a publisher must show there, if any. */
export interface Sink {
  url: string;
  token?: string | undefined;
}

/** Milliseconds. */
const timeout = 10_000;

export function noticeOf(record: Pick<RolloutRecord, 'id' | 'step'>, how: 'advanced' | 'rolledBack', message: string): Notice {
  const type = { advanced: eventType.rolloutAdvanced, rolledBack: eventType.rolloutRolledBack }[how];
  return { type, id: `${record.id}/${record.step}/${how}`, message };
}

/** Tells the broker. The id is derived, so that a repeat can be recognised. @throws unless the broker answers with 2xx */
export async function publishNotice(
  sink: Sink,
  service: string,
  record: RolloutRecord,
  { type, id, message }: Notice,
): Promise<void> {
  const { candidate, baseline, plan, step, case: known } = record;
  const figures = Object.fromEntries(Object.entries(known).map(([criterion, { total }]) => [criterion, total]));
  const percent = type === eventType.rolloutAdvanced ? plan.steps[step] : 0;
  const event = new CloudEvent({
    type,
    id,
    source: '/darkroom/rollout',
    // Few values, unlike jobs: it may become a label.
    subject: service,
    datacontenttype: 'application/json',
    data: { service, candidate, baseline, percent, message, figures },
  });
  const { headers, body } = HTTP.binary(event);
  const answer = await fetch(sink.url, {
    method: 'POST',
    headers: {
      ...(headers as Record<string, string>),
      ...(sink.token !== undefined && { authorization: `Bearer ${sink.token}` }),
    },
    body: String(body),
    signal: AbortSignal.timeout(timeout),
  });
  await answer.body?.cancel();
  if (!answer.ok) throw new Error(`The broker at ${sink.url} answered ${answer.status}`);
}
