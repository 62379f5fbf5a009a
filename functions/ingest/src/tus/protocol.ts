import { randomUUID } from 'node:crypto';
import { DataStore, ERRORS, Server, Upload as TusUpload } from '@tus/server';
import type { Settings } from '../settings.ts';
import { openLocker } from './locker.ts';
import type { Uploads } from './uploads.ts';

/**
 * The tus protocol, spoken by its own library (https://tus.io/protocols/resumable-upload).
 * @returns what answers a request, or throws what the library throws: an error of its own, or one of ours. `end` ends the body of the
 *   request, as if no more had come
 */
export function openProtocol(uploads: Uploads, { MAX_FILE_BYTES }: Pick<Settings, 'MAX_FILE_BYTES'>) {
  const datastore = Object.assign(new DataStore(), {
    extensions: ['creation', 'creation-with-upload', 'expiration', 'termination'],
    getExpiration: () => uploads.lifetime,
    async create(upload: TusUpload) {
      await uploads.create(upload.id, upload.size ?? 0, upload.metadata ?? {});
      return upload;
    },
    write: (source: AsyncIterable<Buffer>, id: string, offset: number) => uploads.append(id, offset, source),
    async getUpload(id: string) {
      const upload = await uploads.find(id);
      if (!upload || 'taken' in upload) throw ERRORS.FILE_NOT_FOUND;
      const { length: size, offset, metadata, left } = upload;
      // By the library's own clock, with which it computes when the upload expires.
      const creation_date = new Date(Date.now() - uploads.lifetime + left).toISOString();
      return new TusUpload({ id, size, offset, metadata, creation_date });
    },
    async remove(id: string) {
      await datastore.getUpload(id);
      await uploads.remove(id);
    },
  });
  const locker = openLocker();
  const ends = new WeakMap<Request, () => void>();
  const server = new Server({
    path: '/uploads',
    relativeLocation: true,
    datastore,
    maxSize: MAX_FILE_BYTES,
    // Whoever knows the id may do with the upload as they like, so nobody must be able to guess it.
    namingFunction: () => randomUUID(),
    locker: (request) => locker(ends.get(request)!),
    onResponseError(_request, error) {
      throw error;
    },
  });
  return (request: Request, end: () => void): Promise<Response> => {
    ends.set(request, end);
    return server.handleWeb(request);
  };
}
