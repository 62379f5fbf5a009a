import { AsyncLocalStorage } from 'node:async_hooks';
import type { Span } from './span.ts';

/** What is being worked on, for all that is logged, counted and traced on the way. */
export interface Work {
  job?: string | undefined;
  /** Of ingest, which accepted the job. */
  revision?: string | undefined;
  span?: Span | undefined;
}

const storage = new AsyncLocalStorage<Work>();

export function currentWork(): Readonly<Work> {
  return storage.getStore() ?? {};
}

/** Does some work, all of which is for something more: a job, or a span of its trace. */
export function workingOn<Result>(more: Work, work: () => Promise<Result>): Promise<Result> {
  return storage.run({ ...storage.getStore(), ...more }, work);
}

/** Says what the work under way turned out to be for. */
export function identify({ job, revision }: { job: string; revision: string }): void {
  Object.assign(storage.getStore() ?? {}, { job, revision });
}

/** The label of what cannot be told. */
export const unknownRevision = 'unknown';

export const revisionOf = ({ revision = unknownRevision } = currentWork()) => revision;
