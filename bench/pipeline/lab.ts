import { access, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Darkroom } from '../../packages/lab/test/pipeline/darkroom.ts';
import type { Batch } from './batch.ts';
import { ask, type Form, formOf, postForm } from './client.ts';
import { inLanes } from './lanes.ts';
import { quality } from './photo.ts';
import { type Process, processTree } from './processes.ts';

export interface Lab {
  /** Develops photos through v2, one job each. */
  develop(photos: readonly Buffer[], concurrency: number): Promise<Batch>;
  processes(): Process[];
  close(): Promise<void>;
}

/** Milliseconds between two looks for completed.json. */
const glance = 5;
/** Longer than all deliveries of one job with a retry; whatever takes more has failed. */
const timeout = 60_000;

/** All of Darkroom at work. */
export function openLab(darkroom: Darkroom): Lab {
  const store = join(darkroom.folder, 'data/store');
  const { pid } = darkroom;

  return {
    async develop(photos, concurrency) {
      const forms = await Promise.all(photos.map(orderOf));
      const before = cpuByName(pid);
      const begun = performance.now();
      const milliseconds = await inLanes(forms, concurrency, (form) => developOne(darkroom, store, form));
      const seconds = (performance.now() - begun) / 1000;
      await settled(store);
      const cpuSeconds = new Map([...cpuByName(pid)].map(([name, cpu]) => [name, cpu - (before.get(name) ?? 0)]));
      return { seconds, milliseconds, cpuSeconds };
    },
    processes: () => processTree(pid),
    close: () => darkroom.close(),
  };
}

function orderOf(bytes: Buffer): Promise<Form> {
  const file = new File([new Uint8Array(bytes)], 'photo.jpg', { type: 'image/jpeg' });
  return formOf({ email: 'person@example.com', quality: String(quality), file });
}

/**
 * Milliseconds from POST until the job says that it is completed. Polling the job would load the processes that are being measured, so
 * the store is watched instead, which costs them nothing, and the job is asked once, at the end.
 */
async function developOne(darkroom: Darkroom, store: string, form: Form): Promise<number> {
  const fault = (what: string) => new Error(`${what}:\n${darkroom.output().slice(-2000)}`);
  const begun = performance.now();
  const accepted = await postForm(darkroom.url, form, { 'knative-serving-tag': 'v2' });
  if (accepted.status !== 202) throw fault(`POST was answered with ${accepted.status}`);
  const { job } = accepted.content as { job: string };
  while (!(await exists(join(store, 'jobs', job, 'completed.json')))) {
    if (performance.now() - begun > timeout) throw fault(`Job ${job} was not completed in time`);
    await sleep(glance);
  }
  const { status } = (await ask(`${darkroom.url}/jobs/${job}`)).content as { status: string };
  if (status !== 'completed') throw fault(`Job ${job} is ${status}`);
  return performance.now() - begun;
}

/** Waits for what follows a completed job: the open marker is removed, then the mail's lock released, then the last event sent. */
async function settled(store: string): Promise<void> {
  while ((await readdir(join(store, 'open')).catch(() => [])).length > 0) await sleep(glance);
  await sleep(200);
}

function cpuByName(root: number): Map<string, number> {
  const sums = new Map<string, number>();
  for (const { name, cpuSeconds } of processTree(root)) sums.set(name, (sums.get(name) ?? 0) + cpuSeconds);
  return sums;
}

const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );
