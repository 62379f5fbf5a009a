import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ReceivedSpan } from '../../../shared/test/support/otlp-receiver.ts';
import { type TracedJob, traceJob } from './traced-job.ts';

let traced: TracedJob;
beforeAll(async () => {
  traced = await traceJob();
});
afterAll(() => traced?.close());

const named = (name: string, service?: string) =>
  traced.spans.filter((span) => span.name === name && (service === undefined || span.service === service));
const uploaded = 'process dev.darkroom.image.uploaded';

test('one trace, of which every span hangs on another, has every stage, retries, dead letters, the resumption and the mail', () => {
  const ids = new Set(traced.spans.map(({ id }) => id));
  expect(traced.spans.filter(({ parent }) => !ids.has(parent)).map(({ name }) => name)).toEqual(['POST /']);
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
  // An event hangs on the step that made it, not on the one that began it all.
  const developing = [
    ...named(uploaded, 'grayscale'),
    ...named(uploaded, 'sepia'),
    ...named('publish dev.darkroom.filter.finished'),
  ];
  for (const { parent } of named('process dev.darkroom.filter.finished', 'zip'))
    expect(developing.map(({ id }) => id)).toContain(parent);
});

test('a retry has the parent of the first attempt, and a resumption that of the post, with a link to what woke sweep', () => {
  const [{ id: post }] = named('POST /') as [ReceivedSpan];
  const publications = named('publish dev.darkroom.image.uploaded').map(({ id }) => id);
  for (const attempt of named(uploaded)) expect(publications).toContain(attempt.parent);
  for (const resumption of named('resume')) {
    expect(resumption.parent).toBe(post);
    const woken = traced.all.filter(({ id }) => resumption.links.includes(id));
    expect(woken.map(({ name }) => name)).toEqual(['process dev.knative.sources.ping']);
    expect(woken[0]!.trace).not.toBe(resumption.trace);
  }
});

test('spans name the job and the revision that accepted it, and nobody', () => {
  for (const span of traced.spans.filter(({ name }) => name.startsWith('process')))
    expect(span.attributes).toMatchObject({ 'darkroom.job': traced.job, 'darkroom.revision': 'ingest-v2' });
  expect(JSON.stringify(traced.spans, (_key, value: unknown) => (typeof value === 'bigint' ? '' : value))).not.toMatch(
    /person|one\.jpg/,
  );
});

test('each line of the log about the job names it and its trace', () => {
  const lines = traced
    .output()
    .split('\n')
    .flatMap((line) => /^\S+ +\S+ +(\{.*\})$/.exec(line)?.[1] ?? [])
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter((line) => line['job'] === traced.job);
  // Webhook is not called for it: it has none.
  const services = new Set(lines.map(({ service }) => service));
  expect(services).toEqual(new Set(['ingest', 'grayscale', 'sepia', 'zip', 'notify', 'sweep']));
  for (const line of lines) expect(line).toMatchObject({ trace: traced.spans[0]!.trace, revision: 'ingest-v2' });
});
