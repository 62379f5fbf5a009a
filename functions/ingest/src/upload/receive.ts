import type { Readable } from 'node:stream';
import { parse } from 'content-disposition';
import { Rejected } from '@darkroom/shared/errors';
import { shorten } from '@darkroom/shared/shorten';
import type { FastifyRequest } from 'fastify';
import { bodyOf } from '../http/body.ts';
import type { Settings } from '../settings.ts';
import type { Metadata, Uploads } from '../tus/uploads.ts';
import { readForm } from './form.ts';
import type { Spool } from './spool.ts';

export const howTo =
  'Send multipart/form-data with each photo in a part named “file”, or the id of its upload in a field named “upload”, and the address in a field named “email”; ' +
  'or send one photo as the body, with its own Content-Type such as image/jpeg, to /?email=ada@example.org.';

/** The most fields in a form, besides uploads: there are a few, each filter is named by one and has another, and browsers add some. */
const mostFields = 50;

/** What came along with the photos. */
export interface Received {
  /** Form fields and query parameters, by name. Form fields take precedence. */
  fields: Map<string, string>;
  /** What was sent as “filter”, each once. */
  filters: ReadonlySet<string>;
  /** Digests of those parts that an earlier post has brought. */
  taken: string[];
  /** What is wrong with the post as a whole, in sentences. */
  faults: string[];
}

/**
 * Reads a post to its end, and the uploads that it names: photos go into the spool, everything else is returned.
 * @throws Rejected if it cannot be read to its end
 */
export async function receive(
  request: FastifyRequest,
  spool: Spool,
  uploads: Uploads,
  { MAX_FILES }: Pick<Settings, 'MAX_FILES'>,
): Promise<Received> {
  const faults: string[] = [];
  const lists = { upload: new Set<string>(), filter: new Set<string>() };
  const query = fieldsInto(faults, lists);
  for (const [name, value] of new URL(request.url, 'http://ingest').searchParams) query.add(name, value);
  const form = fieldsInto(faults, lists);

  const contentType = request.headers['content-type'];
  const type = contentType?.split(';', 1)[0]?.trim().toLowerCase();
  if (type === 'multipart/form-data') await receiveForm(request, spool, form.add, faults, MAX_FILES);
  else if (type === 'application/octet-stream' || type?.startsWith('image/'))
    await receiveImage(request, spool, query.fields.get('name'));
  else if (type) throw new Rejected(`A body of type ${type} cannot be accepted. ${howTo}`, { status: 415 });
  const taken = await receiveUploads(lists.upload, spool, uploads, faults);
  return { fields: new Map([...query.fields, ...form.fields]), filters: lists.filter, taken, faults };
}

/** @param lists the values of those fields that may come several times, in form and query together */
function fieldsInto(faults: string[], lists: Record<'upload' | 'filter', Set<string>>) {
  const fields = new Map<string, string>();
  return {
    fields,
    /** Which of two addresses would be meant? */
    add(name: string, value: string) {
      if (name === 'upload' || name === 'filter') lists[name].add(value.trim());
      else if (fields.has(name)) faults.push(`The field “${name}” was sent more than once. Send it once.`);
      else fields.set(name, value);
    },
  };
}

/** @returns digests of the parts that an earlier post has brought */
async function receiveUploads(ids: Iterable<string>, spool: Spool, uploads: Uploads, faults: string[]): Promise<string[]> {
  const taken: string[] = [];
  for (const id of ids) {
    const upload = await uploads.find(id);
    if (!upload)
      faults.push(`There is no upload “${shorten(id, 50)}”: it has expired, or the id is incomplete. Send its photo again.`);
    else if ('taken' in upload) taken.push(upload.taken);
    else if (upload.offset < upload.length)
      faults.push(
        `Of the upload “${id}”, ${upload.offset} of ${upload.length} bytes have arrived. Send the rest, and post it then.`,
      );
    else await spool.take(uploads.read(upload), { name: nameOf(upload.metadata), upload: id });
  }
  return taken;
}

/** Clients of tus have no standard for it; most say "filename". */
const nameOf = ({ filename, name }: Metadata) => filename ?? name ?? undefined;

function receiveForm(
  request: FastifyRequest,
  spool: Spool,
  add: (name: string, value: string) => void,
  faults: string[],
  mostFiles: number,
): Promise<void> {
  const reader = {
    field(name: string, value: string | undefined) {
      if (value === undefined) faults.push(`The field “${name}” is too long, or is not plain text.`);
      else add(name, value);
    },
    async file(name: string, stream: Readable, sent: { name: string | undefined; encoding: string }) {
      if (name === 'file') return spool.take(stream, sent);
      faults.push(`The part “${name}” holds a file. ${howTo}`);
      stream.resume();
    },
  };
  return readForm(request, reader, { fields: mostFields + mostFiles, files: mostFiles });
}

async function receiveImage({ raw, headers }: FastifyRequest, spool: Spool, name: string | undefined): Promise<void> {
  const disposition = headers['content-disposition'];
  const sentName = name ?? (disposition && parse(disposition).parameters['filename']);
  await spool.take(bodyOf(raw), { name: sentName });
}
