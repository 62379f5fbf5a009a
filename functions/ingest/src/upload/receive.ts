import type { Multipart } from '@fastify/multipart';
import { parse } from 'content-disposition';
import { Rejected } from '@darkroom/shared/errors';
import type { FastifyRequest } from 'fastify';
import { brokenOff } from './broken-off.ts';
import { addField, type Fields, fieldsOf } from './fields.ts';
import type { Spool } from './spool.ts';

const howTo =
  'Send multipart/form-data with each photo in a part named “file” and the address in a field named “email”; ' +
  'or send one photo as the body, with its own Content-Type such as image/jpeg, to /?email=ada@example.org.';

/**
 * Reads an upload to its end: photos into the spool, fields into the answer. A field of the form wins over the query.
 * @throws Rejected with the first thing that is wrong
 */
export async function receive(request: FastifyRequest, spool: Spool): Promise<Fields> {
  const query = fieldsOf(new URL(request.url, 'http://ingest').searchParams);
  const type = request.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase();
  if (type === 'multipart/form-data') {
    const fields = await receiveForm(request, spool);
    return new Map([...query, ...fields]);
  }
  if (type === 'application/octet-stream' || type?.startsWith('image/')) await receiveImage(request, spool, query.get('name'));
  else if (type) throw new Rejected(`A body of the type ${type} cannot be taken. ${howTo}`, { status: 415 });
  return query;
}

/** @throws Rejected unless there is at least one photo */
export function requirePhotos({ arrivals }: Spool): void {
  if (arrivals.length === 0) throw new Rejected(`No photo arrived. ${howTo}`, { status: 400 });
}

async function receiveForm(request: FastifyRequest, spool: Spool): Promise<Fields> {
  const fields: Fields = new Map();
  for await (const part of partsOf(request)) {
    if (part.type === 'file' && part.fieldname === 'file') await spool.take(part.file, part.filename);
    else if (part.type === 'file') throw new Rejected(`The part “${part.fieldname}” holds a file. ${howTo}`, { status: 400 });
    else if (part.valueTruncated || typeof part.value !== 'string')
      throw new Rejected(`The field “${part.fieldname}” is too long, or is not plain text.`, { status: 400 });
    else addField(fields, part.fieldname, part.value);
  }
  return fields;
}

async function* partsOf(request: FastifyRequest): AsyncGenerator<Multipart> {
  try {
    yield* request.parts();
  } catch (error) {
    throw brokenOff(error);
  }
}

async function receiveImage({ raw, headers }: FastifyRequest, spool: Spool, name: string | undefined): Promise<void> {
  const disposition = headers['content-disposition'];
  const sentName = name ?? (disposition && parse(disposition).parameters['filename']);
  // Destroying the request would cut the connection, and with it the answer.
  await spool.take(raw.iterator({ destroyOnReturn: false }), sentName);
}
