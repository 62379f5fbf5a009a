import type { Clock } from '@darkroom/shared/clock';
import { Rejected } from '@darkroom/shared/errors';
import { keys } from '@darkroom/shared/job/keys';
import { uploadLifetime } from '@darkroom/shared/job/retention';
import { entriesOf, json, readJson, type Store } from '@darkroom/shared/store';
import * as v from 'valibot';
import { uploadId } from '../api/upload-id.ts';
import type { Settings } from '../settings.ts';
import { StorageFailed } from '../storage.ts';
import { piecesOf } from './pieces.ts';

/** What the sender says of an upload, by key: "filename" is that of the photo. */
export type Metadata = Record<string, string | null>;

/** A photo on its way, or one that has arrived and waits for its post. */
export interface Upload {
  id: string;
  /** Bytes of the whole. */
  length: number;
  /** Bytes that have arrived. */
  offset: number;
  metadata: Metadata;
  /** Milliseconds until it expires. */
  left: number;
}

/** A photo that has become a part of a job. */
export interface TakenUpload {
  /** Says which part, as `digestOfPart` does. */
  taken: string;
}

/** Photos that arrive in pieces, through whichever process a piece reaches: all that is known of them is in the store. */
export interface Uploads {
  /** Milliseconds that an upload may take. */
  lifetime: number;
  create(id: string, length: number, metadata: Metadata): Promise<void>;
  /** Undefined if there is none, or it has expired. */
  find(id: string): Promise<Upload | TakenUpload | undefined>;
  /**
   * Keeps what comes, from an offset on, and returns the new one. A piece that is in the store stays, whatever happens to the next.
   * @throws Rejected with status 409 if another request has gone on from the same offset meanwhile
   */
  append(id: string, offset: number, source: AsyncIterable<Uint8Array>): Promise<number>;
  /** The bytes that have arrived. @throws Rejected if they are removed meanwhile */
  read(upload: Upload): AsyncGenerator<Buffer>;
  /** Removes its bytes, once a job has them. Whoever posts it again finds that they were taken. */
  take(id: string, part: string): Promise<void>;
  remove(id: string): Promise<void>;
}

/** uploads/<id>/upload.json */
const record = v.object({ length: v.number(), metadata: v.record(v.string(), v.nullable(v.string())), createdAt: v.number() });
/** uploads/<id>/taken.json */
const takenRecord = v.object({ taken: v.string() });

/**
 * There is no lock. A piece is written once, under the offset at which it begins, and only where the one before it ends; so of two
 * requests that continue an upload at the same place, in whatever processes, one finds that it was too late.
 */
export function openUploads(store: Store, { RETENTION }: Pick<Settings, 'RETENTION'>, clock: Clock): Uploads {
  const lifetime = uploadLifetime(RETENTION) * 1000;

  async function removeParts(id: string, kept?: string): Promise<void> {
    for await (const { key } of store.list(keys.uploadParts(id))) if (key !== kept) await store.remove(key);
  }

  return {
    lifetime,

    create: (id, length, metadata) => store.write(keys.upload(id), json({ length, metadata, createdAt: clock.now() })),

    async find(id) {
      if (!v.is(uploadId, id)) return undefined;
      const parts = await entriesOf(store, keys.uploadParts(id));
      const taken = parts.has(keys.uploadTaken(id)) && (await readJson(store, keys.uploadTaken(id)));
      if (v.is(takenRecord, taken)) return taken;
      const said = parts.has(keys.upload(id)) && (await readJson(store, keys.upload(id)));
      if (!v.is(record, said)) return undefined;
      const { length, metadata, createdAt } = said;
      const left = createdAt + lifetime - clock.now();
      if (left <= 0) return undefined;
      let offset = 0;
      for (let piece; (piece = parts.get(keys.uploadPiece(id, offset)));) offset += piece.size;
      return { id, length, offset, metadata, left };
    },

    async append(id, from, source) {
      let offset = from;
      for await (const piece of piecesOf(source)) {
        if (!(await store.writeOnce(keys.uploadPiece(id, offset), piece))) throw overtaken();
        offset += piece.length;
      }
      return offset;
    },

    async *read({ id, offset: end }) {
      for (let offset = 0; offset < end;) {
        const piece = await store.read(keys.uploadPiece(id, offset));
        if (!piece) throw new Rejected('An upload was removed while it was read. Send its photo again.');
        try {
          for await (const chunk of piece as AsyncIterable<Buffer>) {
            offset += chunk.length;
            yield chunk;
          }
        } catch (cause) {
          throw new StorageFailed(cause);
        }
      }
    },

    async take(id, part) {
      await store.write(keys.uploadTaken(id), json({ taken: part }));
      await removeParts(id, keys.uploadTaken(id));
    },

    remove: (id) => removeParts(id),
  };
}

export function overtaken(): Rejected {
  return new Rejected('The upload has gone on from another offset. Ask for it with HEAD, and continue from there.', {
    status: 409,
  });
}
