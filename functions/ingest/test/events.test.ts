import type { Job, Photo } from '@darkroom/shared/job';
import { keys } from '@darkroom/shared/job/keys';
import { removeJob } from '@darkroom/shared/job/remove';
import { json } from '@darkroom/shared/store';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { JobStatus } from '../src/api/job-status.ts';
import { openServer, type ServerBench } from './server.ts';
import { jpeg, until } from './support.ts';

let bench: ServerBench;
beforeEach(async () => {
  bench = await openServer({ MAX_STREAMS: '2', CLIENT_REQUESTS: '0' });
});
afterEach(() => bench.close());

const only = (job: Job) => job.images[0] as Photo;

interface Listener {
  /** What has come so far: the name of each event, and its data. */
  events: [name: string, data: Partial<JobStatus>][];
  ended: boolean;
  headers: Headers;
  hangUp(): void;
}

async function listen(id: string): Promise<Listener> {
  const gone = new AbortController();
  const { headers, body } = await fetch(`${bench.ingest.url}/jobs/${id}/events`, { signal: gone.signal });
  const listener: Listener = { events: [], ended: false, headers, hangUp: () => gone.abort() };
  void (async () => {
    let text = '';
    for await (const chunk of body!.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      const whole = text.split('\n\n');
      text = whole.pop()!;
      for (const each of whole) {
        const [, name, data] = /^event: (\w+)\ndata: (.*)$/.exec(each) ?? [];
        if (name) listener.events.push([name, JSON.parse(data!) as Partial<JobStatus>]);
      }
    }
    listener.ended = true;
  })().catch(() => (listener.ended = true));
  return listener;
}

/** Lets time pass until something is true. */
async function pass(condition: () => boolean): Promise<void> {
  await until(async () => {
    if (condition()) return true;
    await bench.clock.advance(250);
    return false;
  });
}

test('the status comes at once, again with each change, and the stream ends with the job', async () => {
  const job = await bench.lab.accept({ filters: ['sepia'], archive: false });
  const listener = await listen(job.job);
  expect(Object.fromEntries(listener.headers)).toMatchObject({
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store, no-transform',
    'x-accel-buffering': 'no',
  });
  await pass(() => listener.events.length === 1);
  const status = (await (await fetch(`${bench.ingest.url}/jobs/${job.job}`)).json()) as JobStatus;
  expect(listener.events).toEqual([['status', status]]);

  await bench.lab.store.write(keys.print(job, only(job), 'sepia'), jpeg);
  await pass(() => listener.events.length === 2);
  expect(listener.events[1]![1].images![0]!.results['sepia']).toMatchObject({ status: 'succeeded' });
  expect(listener.ended).toBe(false);

  await bench.lab.store.write(keys.completed(job.job), json({ status: 'completed', completedAt: '', mail: 'sent' }));
  await pass(() => listener.ended);
  expect(listener.events.map(([name, data]) => [name, data.status])).toEqual([
    ['status', 'processing'],
    ['status', 'processing'],
    ['status', 'completed'],
  ]);
});

test('while nothing changes it says that it is alive, and after four minutes it ends, for the browser to ask again', async () => {
  const { job } = await bench.lab.accept();
  const listener = await listen(job);
  await pass(() => listener.ended);
  const names = listener.events.map(([name]) => name);
  expect(names[0]).toBe('status');
  expect(new Set(names.slice(1))).toEqual(new Set(['alive']));
  expect(names.length).toBeGreaterThan(15);
  expect(names.length).toBeLessThan(26);
});

test('a job that is deleted meanwhile is gone', async () => {
  const { job } = await bench.lab.accept();
  const listener = await listen(job);
  await pass(() => listener.events.length === 1);
  await removeJob(bench.lab.store, job);
  await pass(() => listener.ended);
  expect(listener.events.at(-1)![0]).toBe('gone');
});

test('who hangs up is forgotten, and makes room for another', async () => {
  const { job } = await bench.lab.accept();
  const first = await listen(job);
  await listen(job);
  const third = await fetch(`${bench.ingest.url}/jobs/${job}/events`);
  expect(await third.json()).toMatchObject({ status: 503, detail: expect.stringContaining('too many streams') });
  first.hangUp();
  await until(async () => {
    const again = await fetch(`${bench.ingest.url}/jobs/${job}/events`);
    await again.body!.cancel();
    return again.status === 200;
  });
});

test('a job that does not exist is a problem, not a stream', async () => {
  const response = await fetch(`${bench.ingest.url}/jobs/00000000-0000-0000-0000-000000000000/events`);
  expect([response.status, response.headers.get('content-type')]).toEqual([404, 'application/problem+json; charset=utf-8']);
});

test('streams end when the process is told to stop', async () => {
  const { job } = await bench.lab.accept();
  const listener = await listen(job);
  await pass(() => listener.events.length === 1);
  await bench.ingest.stop();
  await until(() => listener.ended);
});
