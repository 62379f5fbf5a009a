import { archiveCreated } from '@darkroom/shared/events';
import { currentWork, identify, workingOn } from '@darkroom/shared/trace/current';
import { flushTraces, openTracing, traced, withTrace } from '@darkroom/shared/trace';
import { expect, test, vi } from 'vitest';
import { startOtlpReceiver } from './support/otlp-receiver.ts';

const job = '00000000-0000-4000-8000-000000000001';

test('without an endpoint there are no spans, and work is done all the same', async () => {
  await openTracing({});
  expect(await traced('step', {}, async (span) => [span, currentWork().span])).toEqual([undefined, undefined]);
  const event = archiveCreated(job);
  expect(withTrace(event)).toBe(event);
});

test('an endpoint that is no address keeps the program from starting', async () => {
  await expect(openTracing({ OTEL_EXPORTER_OTLP_ENDPOINT: 'collector' })).rejects.toThrow('must be a URL');
});

test('what the work at hand is for: what it turns out to be is known from then on, and nowhere else', async () => {
  expect(currentWork()).toEqual({});
  identify({ job, revision: 'ingest-v1' });
  expect(currentWork()).toEqual({});
  await workingOn({ job }, async () => {
    identify({ job, revision: 'ingest-v2' });
    await workingOn({}, async () => expect(currentWork()).toMatchObject({ job, revision: 'ingest-v2' }));
  });
  expect(currentWork()).toEqual({});
});

test('steps within steps, what they failed with, and where they go on in another process', async () => {
  const receiver = await startOtlpReceiver();
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', receiver.url);
  await openTracing({ ...process.env, K_SERVICE: 'zip' });
  const event = await traced('outer', { kind: 'server', attributes: { 'darkroom.job': job } }, async (outer) => {
    await traced('inner', {}, async () => {
      throw new Error('for person@example.com');
    }).catch(() => undefined);
    outer?.set('darkroom.bytes', 3);
    return withTrace(archiveCreated(job));
  });
  const { traceparent } = event as typeof event & { traceparent: string };
  await traced('elsewhere', { parent: traceparent, link: traceparent }, async () => undefined);
  await traced('begun anew', { parent: '00-nonsense-01' }, async () => undefined);
  await flushTraces();
  await receiver.close();
  vi.unstubAllEnvs();

  const [inner, outer, elsewhere, anew] = ['inner', 'outer', 'elsewhere', 'begun anew'].map((name) =>
    receiver.spans.find((span) => span.name === name)!,
  );
  expect(traceparent).toBe(`00-${outer!.trace}-${outer!.id}-01`);
  expect(outer).toMatchObject({
    service: 'zip',
    parent: '',
    failed: false,
    attributes: { 'darkroom.job': job, 'darkroom.bytes': 3 },
  });
  expect(inner).toMatchObject({ trace: outer!.trace, parent: outer!.id, failed: true });
  expect(elsewhere).toMatchObject({ trace: outer!.trace, parent: outer!.id, links: [outer!.id] });
  expect(anew!.trace).not.toBe(outer!.trace);
  expect(event.data).toEqual({ job });
});
