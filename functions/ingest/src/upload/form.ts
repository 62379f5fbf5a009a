import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { Busboy, type BusboyHeaders } from '@fastify/busboy';
import { Rejected } from '@darkroom/shared/errors';
import { bodyOf } from '../http/body.ts';

/** What is done with the parts of a form, in the order in which they come. */
export interface FormReader {
  /** `value` is undefined where it is too long, or no plain text. */
  field(name: string, value: string | undefined): void;
  /** Must read the stream to its end or destroy it: no part comes before this one has gone. */
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
export async function readForm(request: IncomingMessage, reader: FormReader, { fields, files }: FormLimits): Promise<void> {
  const parser = parserOf(request, { fields, files: files + 1, parts: fields + files + 1, fieldSize: longestField });
  const failure = Promise.withResolvers<never>();
  failure.promise.catch(() => {});
  const open = new Set<Readable>();
  const taken: Promise<void>[] = [];
  let [arrived, parts] = [0, 0];

  parser.on('field', (name, value: string, _nameCut, cut, encoding) => {
    parts += 1;
    reader.field(name, cut ? undefined : decodeField(value, encoding));
  });
  parser.on('file', (name: string | undefined, stream, filename: string | undefined, encoding) => {
    parts += 1;
    open.add(stream);
    stream.on('error', () => {});
    stream.once('close', () => open.delete(stream));
    const file = reader.file(name ?? '', stream, { name: filename || undefined, encoding });
    taken.push(file.catch(failure.reject));
  });
  for (const limit of ['partsLimit', 'fieldsLimit'] as const) parser.on(limit, () => failure.reject(tooManyParts()));
  parser.on('error', (error) => failure.reject(unreadable(error, parts)));

  async function feed(): Promise<void> {
    for await (const chunk of bodyOf(request)) {
      arrived += chunk.length;
      // The parser is done with a chunk when the file that it belongs to can take more.
      await Promise.race([new Promise<void>((done) => void parser.write(chunk, () => done())), failure.promise]);
    }
    if (arrived === 0) return;
    const finished = once(parser, 'finish');
    parser.end();
    await finished;
  }

  try {
    await Promise.race([feed().catch((error: unknown) => failure.reject(brokenOff(error))), failure.promise]);
    await Promise.race([Promise.all(taken), failure.promise]);
  } catch (error) {
    for (const stream of open) stream.destroy(error as Error);
    await Promise.all(taken);
    throw error;
  }
}

const tooManyParts = () => new Rejected('The form has too many parts. Send the photos in several posts.', { status: 413 });

function parserOf({ headers }: IncomingMessage, limits: { fields: number; files: number; parts: number; fieldSize: number }) {
  try {
    return new Busboy({
      headers: headers as BusboyHeaders,
      limits,
      // Some clients send photos without a file name.
      isPartAFile: (name, type, filename) => filename !== undefined || name === 'file' || type === 'application/octet-stream',
    });
  } catch (cause) {
    throw unreadable(cause, 1);
  }
}

/** A body that ended where it said it would, and still is no form. */
function unreadable(cause: unknown, parts: number): Rejected {
  const message = cause instanceof Error ? cause.message : String(cause);
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
