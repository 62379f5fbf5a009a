import { Rejected } from '@darkroom/shared/errors';
import { jobId } from '@darkroom/shared/events';
import { type Job, readJob } from '@darkroom/shared/job';
import { keys } from '@darkroom/shared/job/keys';
import { shareId } from '@darkroom/shared/job/share';
import { readJson, type Store } from '@darkroom/shared/store';
import type { FastifyRequest } from 'fastify';
import * as v from 'valibot';

/** A job as somebody with a link sees it. */
export interface SeenJob {
  job: Job;
  /** The id in the link: the job's own, or the one under which it is shared. Only the first may be told, and can delete. */
  id: string;
  isShared: boolean;
  /** The path of the job, as the client sees it. */
  path: string;
}

/** The id in the URL of a request. */
export const idOf = ({ params }: FastifyRequest) => (params as { job: string }).job;

/** The job that a request is about. @throws Rejected with status 404, or 410 if its record is damaged */
export async function findJob(store: Store, request: FastifyRequest): Promise<SeenJob> {
  const id = idOf(request);
  const isShared = v.is(shareId, id);
  const own = isShared ? await ownId(store, id) : id;
  const job = v.is(jobId, own) ? await readJob(store, own) : undefined;
  if (!job) throw unknownJob();
  return { job, id, isShared, path: `${request.prefix}/jobs/${id}` };
}

async function ownId(store: Store, share: string): Promise<unknown> {
  return ((await readJson(store, keys.share(share))) as { job?: unknown } | undefined)?.job;
}

export function unknownJob(): Rejected {
  return new Rejected('There is no such job: it was deleted, it has expired, or the address is incomplete.', { status: 404 });
}
