import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { photo } from '../../../shared/test/support/lab.ts';
import { type ReceivedSpan, startOtlpReceiver } from '../../../shared/test/support/otlp-receiver.ts';
import { eventually, openDarkroom, pidsOf } from './darkroom.ts';

export interface TracedJob {
  job: string;
  /** Its trace. */
  spans: ReceivedSpan[];
  /** Those of all traces. */
  all: readonly ReceivedSpan[];
  output(): string;
  close(): Promise<void>;
}

/**
 * A job of v2 with two photos, while sepia is suspended: the broker tries again, gives up, and sepia's answers, once it goes on, reach
 * nobody. So sweep records dead letters, and resumes the job.
 * @param next another receiver of the spans
 */
export async function traceJob(next?: string): Promise<TracedJob> {
  const receiver = await startOtlpReceiver(next);
  const darkroom = await openDarkroom({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, LOG_FORMAT: 'json' }, { prepare });
  const [sepia] = await pidsOf(darkroom, 'sepia');
  process.kill(sepia!, 'SIGSTOP');
  const bytes = await photo();
  const files = ['one.jpg', 'two.jpg'].map((name) => ({ name, bytes }));
  const { job } = (await (await darkroom.post(files, { tag: 'v2' })).json()) as { job: string };
  await eventually(async () => (darkroom.output().split('"message":"dead letter"').length > 2 ? true : undefined));
  process.kill(sepia!, 'SIGCONT');
  await darkroom.finished(job);
  const spans = await eventually(async () => {
    const trace = receiver.spans.find(({ attributes, name }) => name === 'POST /' && attributes['darkroom.job'] === job)?.trace;
    const own = receiver.spans.filter((span) => span.trace === trace);
    return ['send mail', 'resume'].every((wanted) => own.some(({ name }) => name === wanted)) ? own : undefined;
  });
  return {
    job,
    spans,
    all: receiver.spans,
    output: darkroom.output,
    async close() {
      await darkroom.close();
      await receiver.close();
    },
  };
}

async function prepare(folder: string): Promise<void> {
  const change = async (file: string, from: string, to: string) => {
    const path = join(folder, 'config', file);
    const text = await readFile(path, 'utf8');
    if (!text.includes(from)) throw new Error(`${file} does not say ${from}`);
    await writeFile(path, text.replace(from, to));
  };
  await change('base/broker.yaml', 'retry: 5', 'retry: 1');
  await change('base/broker.yaml', 'timeout: PT2M', 'timeout: PT5S');
  await change('base/sweep.yaml', '"idleSeconds": 30', '"idleSeconds": 1');
}
