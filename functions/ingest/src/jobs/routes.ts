import { Rejected } from '@darkroom/shared/errors';
import { jobId } from '@darkroom/shared/events';
import { type Job, readJob } from '@darkroom/shared/job';
import { keys } from '@darkroom/shared/job/keys';
import { removeJob } from '@darkroom/shared/job/remove';
import { log } from '@darkroom/shared/log';
import { entriesOf, type Store } from '@darkroom/shared/store';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import * as v from 'valibot';
import type { Settings } from '../settings.ts';
import { isDownload, sendFile } from './send-file.ts';
import { findFile } from './files.ts';
import { statusOf } from './status.ts';

/** How long a presigned URL works: even a slow download only has to begin in that time. */
const presignedSeconds = 300;

/** /jobs/<job> and everything below it. */
export function jobRoutes(app: FastifyInstance, { DOWNLOADS }: Settings, store: Store): void {
  app.get('/jobs/:job', async (request, reply) => {
    const job = await find(request);
    return reply.header('cache-control', 'no-store').send(await statusOf(store, job));
  });

  app.delete('/jobs/:job', async (request, reply) => {
    const id = idOf(request);
    // Without job.json: it must be possible to remove a damaged record, or to complete an interrupted removal.
    const present = await entriesOf(store, keys.folder(id));
    if (present.size === 0) throw unknownJob();
    await removeJob(store, id);
    log('deleted', { job: id });
    return reply.code(204).send();
  });

  app.route({
    method: ['GET', 'HEAD'],
    url: '/jobs/:job/*',
    handler: async (request, reply) => {
      const job = await find(request);
      const file = findFile(job, request.url.split('?', 1)[0]!);
      const stored = file && (await store.stat(file.key));
      if (!file) throw new Rejected('This job has no such file. The address of the job lists its files.', { status: 404 });
      if (!stored)
        throw new Rejected('This file is not ready yet, or could not be made. The status of the job says which.', {
          status: 404,
        });
      if (DOWNLOADS === 'redirect' && store.presign && isDownload(file, request)) {
        const address = await store.presign(file.key, { seconds: presignedSeconds, filename: file.name, type: file.type });
        return reply.header('cache-control', 'no-store').redirect(address, 307);
      }
      return sendFile(store, file, stored, request, reply);
    },
  });

  async function find(request: FastifyRequest): Promise<Job> {
    const job = await readJob(store, idOf(request));
    if (!job) throw unknownJob();
    return job;
  }
}

function idOf({ params }: FastifyRequest): string {
  const { job } = params as { job: string };
  if (!v.is(jobId, job)) throw unknownJob();
  return job;
}

function unknownJob(): Rejected {
  return new Rejected('There is no such job: it was deleted, it has expired, or the address is incomplete.', {
    status: 404,
  });
}
