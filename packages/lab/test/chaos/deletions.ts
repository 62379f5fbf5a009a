import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Darkroom } from '../pipeline/darkroom.ts';
import type { Sample } from './samples.ts';

/** The post that created the job, so that it can be sent again. */
export interface Post {
  email: string;
  /** Its Idempotency-Key. */
  key: string;
  files: Sample[];
  tag: string;
}

/** Jobs that their senders delete while they are under way. */
export interface Deletions {
  /** By job. */
  readonly deleted: ReadonlyMap<string, Post>;
  /** Deletes a job after some milliseconds, and insists until that is done. */
  plan(job: string, post: Post, delay: number): void;
  /** Resolves when all are deleted, or it is too late. */
  done(isOver: () => boolean): Promise<void>;
}

export function openDeletions(darkroom: Darkroom): Deletions {
  const deleted = new Map<string, Post>();
  const underWay: Promise<void>[] = [];
  let giveUp = () => false;

  async function remove(job: string, delay: number) {
    await sleep(delay);
    while (!giveUp()) {
      const answer = await fetch(`${darkroom.url}/jobs/${job}`, { method: 'DELETE' }).catch(() => undefined);
      if (answer && [204, 404, 410].includes(answer.status)) return;
      await sleep(200);
    }
  }

  return {
    deleted,
    plan(job, post, delay) {
      deleted.set(job, post);
      underWay.push(remove(job, delay));
    },
    async done(isOver) {
      giveUp = isOver;
      await Promise.all(underWay);
    },
  };
}

/** What a store still holds of jobs, by path or by content. Tombstones may: they keep a late stage from writing, and sweep finds them. */
export async function tracesOf(store: string, words: readonly string[]): Promise<string[]> {
  const items = await readdir(store, { withFileTypes: true, recursive: true }).catch(() => []);
  const files = items.filter((item) => item.isFile()).map((item) => join(item.parentPath, item.name));
  const traces: string[] = [];
  for (const file of files) {
    const path = relative(store, file);
    if (/^(gone|leaving)\//.test(path)) continue;
    const content = path + (await readFile(file, 'latin1').catch(() => ''));
    if (words.some((word) => content.includes(word))) traces.push(path);
  }
  return traces;
}
