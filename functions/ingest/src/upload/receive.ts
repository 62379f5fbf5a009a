import type { Readable } from 'node:stream';
import { parse } from 'content-disposition';
import { Rejected } from '@darkroom/shared/errors';
import type { FastifyRequest } from 'fastify';
import { bodyOf } from '../http/body.ts';
import type { Settings } from '../settings.ts';
import { readForm } from './form.ts';
import type { Spool } from './spool.ts';

export const howTo =
  'Send multipart/form-data with each photo in a part named “file” and the address in a field named “email”; ' +
  'or send one photo as the body, with its own Content-Type such as image/jpeg, to /?email=ada@example.org.';

/** The most fields in a form; there are four, and browsers add a few. */
const mostFields = 20;

/** What came along with the photos. */
export interface Received {
  /** Form fields and query parameters, by name. Form fields take precedence. */
  fields: Map<string, string>;
  /** What is wrong with the post as a whole, in sentences. */
  faults: string[];
}

/**
 * Reads an upload to its end: photos go into the spool, everything else is returned.
 * @throws Rejected if it cannot be read to its end
 */
export async function receive(
  request: FastifyRequest,
  spool: Spool,
  { MAX_FILES }: Pick<Settings, 'MAX_FILES'>,
): Promise<Received> {
  const faults: string[] = [];
  const query = fieldsInto(faults);
  for (const [name, value] of new URL(request.url, 'http://ingest').searchParams) query.add(name, value);

  const contentType = request.headers['content-type'];
  const type = contentType?.split(';', 1)[0]?.trim().toLowerCase();
  if (type === 'multipart/form-data') {
    const form = fieldsInto(faults);
    await receiveForm(request, spool, form.add, faults, MAX_FILES);
    return { fields: new Map([...query.fields, ...form.fields]), faults };
  }
  if (type === 'application/octet-stream' || type?.startsWith('image/'))
    await receiveImage(request, spool, query.fields.get('name'));
  else if (type) throw new Rejected(`A body of type ${type} cannot be accepted. ${howTo}`, { status: 415 });
  return { fields: query.fields, faults };
}

function fieldsInto(faults: string[]) {
  const fields = new Map<string, string>();
  return {
    fields,
    /** Which of two addresses would be meant? */
    add(name: string, value: string) {
      if (fields.has(name)) faults.push(`The field “${name}” was sent more than once. Send it once.`);
      else fields.set(name, value);
    },
  };
}

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
  return readForm(request, reader, { fields: mostFields, files: mostFiles });
}

async function receiveImage({ raw, headers }: FastifyRequest, spool: Spool, name: string | undefined): Promise<void> {
  const disposition = headers['content-disposition'];
  const sentName = name ?? (disposition && parse(disposition).parameters['filename']);
  await spool.take(bodyOf(raw), { name: sentName });
}
