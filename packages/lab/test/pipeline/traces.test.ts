import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { photo } from '../../../shared/test/support/lab.ts';
import { type ReceivedSpan, startOtlpReceiver } from '../../../shared/test/support/otlp-receiver.ts';
import { type Darkroom, eventually, openDarkroom } from './darkroom.ts';

let receiver: Awaited<ReturnType<typeof startOtlpReceiver>>;
let darkroom: Darkroom;
let job: string;
/** The trace of the job. */
let spans: ReceivedSpan[];

/**
 * A job of v2 with two photos, while sepia is suspended: the broker tries again, gives up, and sepia's answers, once it goes on, reach
 * nobody. So sweep records dead letters, and resumes the job.
 */
beforeAll(async () => {
  receiver = await startOtlpReceiver();
  darkroom = await openDarkroom({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, LOG_FORMAT: 'json' }, { prepare });
  const sepia = await pidOf('sepia');
  process.kill(sepia, 'SIGSTOP');
  const bytes = await photo();
  const files = ['one.jpg', 'two.jpg'].map((name) => ({ name, bytes }));
  ({ job } = (await (await darkroom.post(files, { tag: 'v2' })).json()) as { job: string });
  await eventually(async () => (darkroom.output().split('"message":"dead letter"').length > 2 ? true : undefined));
  process.kill(sepia, 'SIGCONT');
  await darkroom.finished(job);
  spans = await eventually(async () => {
    const trace = receiver.spans.find(({ attributes, name }) => name === 'POST /' && attributes['darkroom.job'] === job)?.trace;
    const own = receiver.spans.filter((span) => span.trace === trace);
    return ['send mail', 'resume'].every((wanted) => own.some(({ name }) => name === wanted)) ? own : undefined;
  });
});
afterAll(async () => {
  await darkroom?.close();
  await receiver?.close();
});

async function prepare(folder: string): Promise<void> {
  const change = async (file: string, from: string, to: string) => {
    const path = join(folder, 'config', file);
    const text = await readFile(path, 'utf8');
    expect(text).toContain(from);
    await writeFile(path, text.replace(from, to));
  };
  await change('base/broker.yaml', 'retry: 5', 'retry: 1');
  await change('base/broker.yaml', 'timeout: PT2M', 'timeout: PT5S');
  await change('base/sweep.yaml', '"idleSeconds": 30', '"idleSeconds": 1');
}

/** As the console tells it. */
async function pidOf(name: string): Promise<number> {
  const { origin, searchParams } = new URL(darkroom.consoleUrl);
  const headers = { authorization: `Bearer ${searchParams.get('token')}` };
  const topology = (await (await fetch(`${origin}/api/topology`, { headers })).json()) as {
    services: { name: string; revisions: { processes: { pid: number }[] }[] }[];
  };
  return topology.services.find((service) => service.name === name)!.revisions[0]!.processes[0]!.pid;
}

const named = (name: string, service?: string) =>
  spans.filter((span) => span.name === name && (service === undefined || span.service === service));
const uploaded = 'process dev.darkroom.image.uploaded';

test('one trace, of which every span hangs on another, has every stage, retries, dead letters, the resumption and the mail', () => {
  const ids = new Set(spans.map(({ id }) => id));
  expect(spans.filter(({ parent }) => !ids.has(parent)).map(({ name }) => name)).toEqual(['POST /']);
  expect(named('publish dev.darkroom.image.uploaded', 'ingest')).toHaveLength(2);
  expect(named(uploaded, 'grayscale')).toHaveLength(2);
  expect(named('develop grayscale')).toHaveLength(2);
  // Two attempts for each photo.
  expect(named(uploaded, 'sepia').length).toBeGreaterThanOrEqual(4);
  expect(named(uploaded, 'sweep').length).toBeGreaterThanOrEqual(2);
  expect(named('resume', 'sweep')).not.toEqual([]);
  expect(named('process dev.darkroom.filter.finished', 'zip')).not.toEqual([]);
  expect(named('process dev.darkroom.archive.created', 'notify')).toHaveLength(1);
  expect(named('send mail', 'notify')).toHaveLength(1);
});

test('a retry has the parent of the first attempt, and a resumption that of the post, with a link to what woke sweep', () => {
  const [{ id: post }] = named('POST /') as [ReceivedSpan];
  const publications = named('publish dev.darkroom.image.uploaded').map(({ id }) => id);
  for (const attempt of named(uploaded)) expect(publications).toContain(attempt.parent);
  for (const resumption of named('resume')) {
    expect(resumption.parent).toBe(post);
    const woken = receiver.spans.filter(({ id }) => resumption.links.includes(id));
    expect(woken.map(({ name }) => name)).toEqual(['process dev.knative.sources.ping']);
    expect(woken[0]!.trace).not.toBe(resumption.trace);
  }
});

test('spans name the job and the revision that accepted it, and nobody', () => {
  for (const span of spans.filter(({ name }) => name.startsWith('process')))
    expect(span.attributes).toMatchObject({ 'darkroom.job': job, 'darkroom.revision': 'ingest-v2' });
  expect(JSON.stringify(spans, (_key, value: unknown) => (typeof value === 'bigint' ? '' : value))).not.toMatch(
    /person|one\.jpg/,
  );
});

test('each line of the log about the job names it and its trace', () => {
  const lines = darkroom
    .output()
    .split('\n')
    .flatMap((line) => /^\S+ +\S+ +(\{.*\})$/.exec(line)?.[1] ?? [])
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter((line) => line['job'] === job);
  expect(new Set(lines.map(({ service }) => service))).toEqual(
    new Set(['ingest', 'grayscale', 'sepia', 'zip', 'notify', 'sweep']),
  );
  for (const line of lines) expect(line).toMatchObject({ trace: spans[0]!.trace, revision: 'ingest-v2' });
});
