import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { setImmediate as immediate } from 'node:timers/promises';
import type { FastifyError, FastifyRequest } from 'fastify';
import { Rejected } from '@darkroom/shared/errors';
import { bodyOf } from '../http/body.ts';

/** What is done with the parts of a form, in the order in which they come. */
export interface FormReader {
  /** `value` is undefined where it is too long, or no plain text. */
  field(name: string, value: string | undefined): void;
  /** Must read the stream to its end, or throw: no part comes before this one has gone. */
  file(name: string, stream: Readable, sent: { name: string | undefined; encoding: string }): Promise<void>;
}

interface FormLimits {
  fields: number;
  files: number;
}

/** Bytes of a field. */
const longestField = 1000;

/**
 * Reads multipart/form-data to its end (RFC 7578).
 * @throws Rejected when it cannot be read; or what `file` threw, and then the rest of the body has not been read
 */
export async function readForm(request: FastifyRequest, reader: FormReader, { fields, files }: FormLimits): Promise<void> {
  const body = Readable.from(bodyOf(request.raw), { objectMode: false });
  body.on('error', () => {});
  const form = partsOf(request, body, { fields, parts: fields + files + 1, fieldSize: longestField, fileSize: Infinity });
  const failure = Promise.withResolvers<never>();
  failure.promise.catch(() => {});
  const open = new Set<Readable>();
  const taken: Promise<void>[] = [];
  let [parts, over] = [0, false];

  function take(stream: Readable, reading: Promise<void>): void {
    open.add(stream);
    stream.on('error', () => {});
    stream.once('close', () => open.delete(stream));
    const taking = reading.catch(async (error: unknown) => {
      // Where the whole form broke off, its own error comes first and says more.
      await immediate();
      failure.reject(error);
    });
    taken.push(taking);
  }

  async function read(): Promise<void> {
    for await (const part of form) {
      if (over) return;
      parts += 1;
      const { encoding, mimetype } = part;
      const name = (part.fieldname as string | undefined) ?? '';
      if (part.type === 'field') {
        reader.field(name, part.valueTruncated ? undefined : decodeField(part.value as string, encoding));
      } else if (isFile(name, mimetype, part.filename)) {
        take(part.file, reader.file(name, part.file, { name: part.filename || undefined, encoding }));
      } else {
        const reading = textOf(part.file).then((text) => reader.field(name, text && decodeField(text, encoding)));
        take(part.file, reading);
      }
    }
    // Words may follow the last part.
    await finished(body.resume());
  }

  try {
    const reading = read().catch((error: FastifyError) => {
      throw body.errored ? brokenOff(error) : unreadable(error, parts);
    });
    await Promise.race([reading, failure.promise]);
    await Promise.race([Promise.all(taken), failure.promise]);
  } catch (error) {
    over = true;
    body.destroy(error as Error);
    for (const stream of open) stream.destroy(error as Error);
    await Promise.all(taken);
    throw error;
  }
}

/** The plugin pipes the raw request; it is given the same bytes in larger pieces instead, and one that it may break off. */
function partsOf(request: FastifyRequest, body: Readable, limits: { [limit: string]: number }) {
  const raw = { value: Object.assign(body, { headers: request.headers }) };
  const view = Object.create(request, { raw }) as FastifyRequest;
  return view.parts({
    limits,
    isPartAFile: (name, type, filename) => isFile(name, type, filename) || isJson(type),
  });
}

/** Some clients send photos without a file name. */
function isFile(name: string | undefined, type: string | undefined, filename: string | undefined): boolean {
  return filename !== undefined || name === 'file' || type === 'application/octet-stream';
}

/** The plugin would parse such a field, and refuse the form where that fails. Its text is meant here, as of any other field. */
const isJson = (type: string | undefined) => String(type).startsWith('application/json');

/** Undefined where it is too long for a field. */
async function textOf(stream: Readable): Promise<string | undefined> {
  let [text, bytes] = [[] as Buffer[], 0];
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= longestField) text.push(chunk);
  }
  return bytes > longestField ? undefined : Buffer.concat(text).toString();
}

/** A body that ended where it said it would, and still is no form that can be taken. */
function unreadable(cause: FastifyError, parts: number): Rejected {
  const { code, message } = cause;
  if (code === 'FST_PARTS_LIMIT' || code === 'FST_FIELDS_LIMIT')
    return new Rejected('The form has too many parts. Send the photos in several posts.', { status: 413, cause });
  if (code === 'FST_PROTO_VIOLATION')
    return new Rejected(
      'A part of the form has a reserved name, such as “constructor” or “toString”. Give it another name, or leave it out.',
      {
        status: 400,
        cause,
      },
    );
  if (!/unexpected end|terminated early/i.test(message))
    return new Rejected(
      `The form could not be read (${message}). Send it as multipart/form-data, as a browser or curl -F does.`,
      {
        status: 400,
        cause,
      },
    );
  const detail =
    parts === 0
      ? 'There is no part in the form: the boundary in Content-Type is not the one in the body, or its lines do not end in CRLF.'
      : 'The form broke off: the boundary that closes it is missing. Nothing was kept; send it again.';
  return new Rejected(detail, { status: 400, cause });
}

/** An upload whose sender went away, or was cut off. */
export function brokenOff(cause: unknown): Rejected {
  return new Rejected('The upload broke off before it was complete. Nothing was kept; send it again.', { status: 400, cause });
}

function decodeField(value: string, encoding: string): string | undefined {
  if (encoding === 'base64') return Buffer.from(value, 'base64').toString();
  return encoding === 'quoted-printable' && value.includes('=') ? undefined : value;
}
