import { jobId } from '@darkroom/shared/events';
import { formats } from '@darkroom/shared/image/formats';
import { shareId } from '@darkroom/shared/job/share';
import { toJsonSchema } from '@valibot/to-json-schema';
import * as v from 'valibot';
import type { Settings } from '../settings.ts';
import { fields, idempotencyKeySchema } from './fields.ts';
import { jobStatus, problem, receipt, share } from './job-status.ts';
import { thumbnailWidths } from './thumbnail-widths.ts';

/** Why an operation may be refused, by status. */
const refusals: Record<number, string> = {
  400: 'Something in the request is wrong.',
  403: 'Another website made the browser send it; or the link only shows.',
  404: 'There is no such job, or no such file in it.',
  405: 'This method is not allowed here.',
  408: 'The request arrives too slowly.',
  409: 'The revision that was asked for is not known here.',
  410: 'The job was deleted, or its record is damaged.',
  413: 'A photo is too large, or there are too many.',
  415: 'This is no photo that can be developed.',
  416: 'The range is outside the file.',
  422: 'The photo cannot be developed; or the key was used with another post.',
  429: 'This client, or this address, has had its share for now.',
  500: 'Something went wrong on our side.',
  503: 'There is no room for the request, or the store cannot be reached.',
  507: 'There is no space left.',
};

const jsonOf = (schema: Parameters<typeof toJsonSchema>[0]) => {
  const { $schema: _, ...rest } = toJsonSchema(schema, { target: 'draft-2020-12', typeMode: 'output' });
  return rest;
};
const reference = (name: string) => ({ $ref: `#/components/schemas/${name}` });
const retryAfter = { 'Retry-After': { schema: { type: 'integer' }, description: 'Seconds.' } };
const html = { 'text/html': { schema: { type: 'string' } } };

function refusedWith(...statuses: number[]) {
  const isTemporary = (status: number) => [429, 503, 507].includes(status);
  const answers = [...statuses, 500].map((status) => [
    String(status),
    {
      description: refusals[status],
      ...(isTemporary(status) && { headers: retryAfter }),
      content: { 'application/problem+json': { schema: reference('Problem') }, ...html },
    },
  ]);
  return Object.fromEntries(answers) as Record<string, object>;
}

const json = (name: string, description: string, more: object = {}) => ({
  description,
  content: { 'application/json': { schema: reference(name) }, ...more },
});
const inPath = (name: string, schema: object, description: string) => ({ name, in: 'path', required: true, schema, description });
const inQuery = (name: string, schema: object) => ({ name, in: 'query', schema });
const job = inPath('job', reference('JobId'), 'The id of a job, or of its share.');
const width = inQuery('width', { enum: [...thumbnailWidths], description: 'Asks for a copy of this width in pixels, as WebP.' });
const download = inQuery('download', { type: 'string', description: 'Present: to be saved rather than shown.' });
const range = { name: 'Range', in: 'header', schema: { type: 'string' }, description: 'RFC 9110, 14.2.' };

const pictures = Object.fromEntries(Object.keys(formats).map((type) => [type, { schema: {} }]));

function file(content: object, more: object[]) {
  return {
    parameters: [job, ...more, download, range],
    responses: {
      200: { description: 'The file.', content },
      206: { description: 'A part of the file.', content },
      304: { description: 'The client has it already.' },
      307: { description: 'It is to be had from the store, at the address in Location.' },
      ...refusedWith(400, 404, 408, 410, 415, 416, 422, 429, 503),
    },
  };
}

/** The description of the interface of this revision, as OpenAPI 3.1. Operations are held to the server by a test. */
export function openApi({ FILTERS, OPTIONS, K_REVISION, EMAIL_REQUIRED }: Settings) {
  const options = Object.fromEntries(FILTERS.flatMap((name) => (OPTIONS[name] ? [[name, OPTIONS[name]]] : [])));
  const wishes = { ...fields, ...options };
  return {
    openapi: '3.1.0',
    info: {
      title: 'Darkroom',
      version: K_REVISION,
      description: `Develops photos: posts become ${FILTERS.join(', ')} prints.`,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    paths: {
      '/': {
        get: {
          operationId: 'getPage',
          summary: 'The page',
          responses: {
            200: { description: 'The page.', content: html },
            304: { description: 'The client has it.' },
            ...refusedWith(408),
          },
        },
        post: {
          operationId: 'postPhotos',
          summary: 'Have photos developed',
          description:
            'Fields may be in the form or in the query. 202 is a promise: the job survives whatever happens from then on.',
          parameters: [
            { name: 'Idempotency-Key', in: 'header', schema: idempotencyKeySchema },
            ...Object.entries(wishes).map(([name, schema]) => inQuery(name, schema)),
            inQuery('name', { type: 'string', description: 'The name of the photo, if it is the body.' }),
          ],
          requestBody: {
            required: true,
            content: {
              'multipart/form-data': {
                schema: {
                  type: 'object',
                  properties: { file: { type: 'array', minItems: 1, items: { type: 'string', format: 'binary' } }, ...wishes },
                  required: ['file', ...(EMAIL_REQUIRED ? ['email'] : [])],
                },
              },
              'image/*': { schema: { type: 'string', format: 'binary' } },
              'application/octet-stream': { schema: { type: 'string', format: 'binary' } },
            },
          },
          responses: {
            202: {
              ...json('Receipt', 'Accepted.'),
              headers: { Location: { schema: { type: 'string' }, description: 'The address of the job.' } },
            },
            303: { description: 'Accepted, and to be seen at the address in Location: for browsers without JavaScript.' },
            ...refusedWith(400, 403, 408, 409, 410, 413, 415, 422, 429, 503, 507),
          },
        },
      },
      '/jobs/{job}': {
        get: {
          operationId: 'getJob',
          summary: 'How far along a job is',
          parameters: [job],
          responses: {
            200: json('JobStatus', 'The status of each print, and links to all files.', html),
            ...refusedWith(400, 404, 408, 410, 503),
          },
        },
        delete: {
          operationId: 'deleteJob',
          summary: 'Delete photos, prints and address',
          parameters: [job],
          responses: { 204: { description: 'They are gone.' }, ...refusedWith(400, 403, 404, 408, 503, 507) },
        },
      },
      '/jobs/{job}/share': {
        post: {
          operationId: 'shareJob',
          summary: 'Make a link that shows the job and cannot delete it',
          parameters: [job],
          responses: { 200: json('Share', 'The link, the same each time.'), ...refusedWith(400, 403, 404, 408, 410, 503, 507) },
        },
      },
      '/jobs/{job}/events': {
        get: {
          operationId: 'followJob',
          summary: 'The status of a job whenever it changes',
          description:
            'Server-sent events: “status” carries a JobStatus, “alive” says that nothing has changed, “gone” that the job was deleted. It ends with the job, or after four minutes.',
          parameters: [job],
          responses: {
            200: { description: 'A stream of events.', content: { 'text/event-stream': { schema: { type: 'string' } } } },
            ...refusedWith(400, 404, 408, 410, 429, 503),
          },
        },
      },
      '/jobs/{job}/archive.zip': {
        get: {
          operationId: 'getArchive',
          summary: 'Originals and prints in one ZIP file',
          ...file({ 'application/zip': { schema: {} } }, []),
        },
      },
      '/jobs/{job}/{image}/{file}': {
        get: {
          operationId: 'getPicture',
          summary: 'An original or a print',
          ...file(pictures, [
            inPath('image', { type: 'string' }, 'The number of the photo.'),
            inPath('file', { type: 'string' }, '“original” or the name of a filter, with or without an extension.'),
            width,
          ]),
        },
      },
      '/openapi.json': {
        get: {
          operationId: 'getDescription',
          summary: 'This description',
          responses: {
            200: { description: 'OpenAPI 3.1.', content: { 'application/json': { schema: { type: 'object' } } } },
            ...refusedWith(408),
          },
        },
      },
      '/health/readiness': { get: healthOf('getReadiness') },
      '/health/liveness': { get: healthOf('getLiveness') },
    },
    components: {
      schemas: {
        JobId: { type: 'string', pattern: `${patternOf(jobId)}|${patternOf(shareId)}` },
        JobStatus: jsonOf(jobStatus),
        Receipt: jsonOf(receipt),
        Share: jsonOf(share),
        Problem: jsonOf(problem),
      },
    },
  };
}

function healthOf(operationId: string) {
  return {
    operationId,
    summary: 'For the platform',
    responses: { 200: { description: 'OK', content: { 'text/plain': { schema: { const: 'OK' } } } }, ...refusedWith(408) },
  };
}

const patternOf = (schema: v.GenericSchema) => String(jsonOf(schema)['pattern']);
