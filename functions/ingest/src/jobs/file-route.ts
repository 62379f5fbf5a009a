import { Rejected } from '@darkroom/shared/errors';
import type { Store } from '@darkroom/shared/store';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { thumbnailWidths } from '../api/thumbnail-widths.ts';
import type { Settings } from '../settings.ts';
import { filesOf } from './files.ts';
import { findJob } from './find.ts';
import { isDownload, sendFile } from './send-file.ts';
import type { Thumbnails } from './thumbnails.ts';

/** How long a presigned URL works: even a slow download only has to begin in that time. */
const presignedSeconds = 300;

/** /jobs/<job>/<image>/<name>: originals, prints and their thumbnails, and the archive. */
export function fileRoute(app: FastifyInstance, { DOWNLOADS }: Settings, store: Store, thumbnails: Thumbnails): void {
  app.route({ method: ['GET', 'HEAD'], url: '/jobs/:job/*', handler: answer });

  async function answer(request: FastifyRequest, reply: FastifyReply) {
    const { job, isShared, path } = await findJob(store, request);
    const files = filesOf(job, path);
    const file = files.find(request.prefix + request.url.split('?', 1)[0]!);
    const stored = file && (await store.stat(file.key));
    if (!file) throw new Rejected('This job has no such file. The address of the job lists its files.', { status: 404 });
    if (!stored) throw notReady();
    const width = widthOf(request);
    if (width !== undefined) {
      const thumbnail = files.thumbnail(file, width);
      if (!thumbnail) throw new Rejected('There is no small copy of a ZIP file. Leave “width” out.', { status: 400 });
      const made = await thumbnails.find(job, file, thumbnail, width);
      if (!made) throw notReady();
      return sendFile(store, thumbnail, made, request, reply);
    }
    // The address would name the key, and with it the job.
    if (DOWNLOADS === 'redirect' && !isShared && store.presign && isDownload(file, request)) {
      const address = await store.presign(file.key, { seconds: presignedSeconds, filename: file.name, type: file.type });
      return reply.header('cache-control', 'no-store').redirect(address, 307);
    }
    return sendFile(store, file, stored, request, reply);
  }
}

function widthOf({ url }: FastifyRequest): number | undefined {
  const text = new URL(url, 'http://ingest').searchParams.get('width');
  if (text === null) return undefined;
  const width = thumbnailWidths.find((each) => String(each) === text);
  if (width === undefined) throw new Rejected(`“width” must be one of ${thumbnailWidths.join(', ')}.`, { status: 400 });
  return width;
}

function notReady(): Rejected {
  return new Rejected('This file is not ready yet, or could not be made. The status of the job says which.', { status: 404 });
}
