import { Rejected } from '@darkroom/shared/errors';
import { jobId } from '@darkroom/shared/events';
import { keys } from '@darkroom/shared/job/keys';
import { removeJob, withdrawIfGone } from '@darkroom/shared/job/remove';
import { shareId, shareOf } from '@darkroom/shared/job/share';
import { log } from '@darkroom/shared/log';
import { entriesOf, json, type Store } from '@darkroom/shared/store';
import type { FastifyInstance } from 'fastify';
import * as v from 'valibot';
import { wantsPage } from '../http/wants-page.ts';
import { findJob, idOf, unknownJob } from './find.ts';
import { jobPage } from './job-page.ts';
import { statusOf } from './status.ts';

/** /jobs/<job>: status, deletion and sharing. */
export function jobRoutes(app: FastifyInstance, store: Store): void {
  app.get('/jobs/:job', async (request, reply) => {
    const status = await statusOf(store, await findJob(store, request));
    reply.headers({ 'cache-control': 'no-store', vary: 'accept' });
    return wantsPage(request.headers) ? jobPage(reply, status, request.prefix) : reply.send(status);
  });

  app.delete('/jobs/:job', async (request, reply) => {
    const id = idOf(request);
    if (v.is(shareId, id))
      throw new Rejected('This link only shows the prints. Whoever sent the photos has the one that deletes them.', {
        status: 403,
      });
    // Without job.json: it must be possible to remove a damaged record, or to complete an interrupted removal.
    const present = v.is(jobId, id) && (await entriesOf(store, keys.folder(id))).size > 0;
    if (!present) throw unknownJob();
    await removeJob(store, id);
    log('deleted', { job: id });
    return reply.code(204).send();
  });

  app.post('/jobs/:job/share', async (request, reply) => {
    const { job, id, isShared } = await findJob(store, request);
    const share = isShared ? id : shareOf(job.job);
    if (!isShared) await store.writeOnce(keys.share(share), json({ job: job.job }));
    if (await withdrawIfGone(store, job.job)) throw unknownJob();
    return reply
      .header('cache-control', 'no-store')
      .send({ job: share, links: { self: `${request.prefix}/jobs/${share}`, page: `${request.prefix}/?job=${share}` } });
  });
}
