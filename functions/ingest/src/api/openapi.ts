import { jobId } from '@darkroom/shared/events';
import { formats } from '@darkroom/shared/image/formats';
import { shareId } from '@darkroom/shared/job/share';
import { toJsonSchema } from '@valibot/to-json-schema';
import type * as v from 'valibot';
import type { Settings } from '../settings.ts';
import { json, page, refusedWith } from './answers.ts';
import { fields, filterField } from './fields.ts';
import { jobStatus, problem, receipt, share } from './job-status.ts';
import { download, inPath, job, range, width } from './parameters.ts';
import { postOperation } from './post-operation.ts';
import { securitySchemes } from './security.ts';
import { uploadId } from './upload-id.ts';
import { uploadOperations } from './upload-operations.ts';

const jsonOf = (schema: Parameters<typeof toJsonSchema>[0]) => {
  const { $schema: _, ...rest } = toJsonSchema(schema, { target: 'draft-2020-12', typeMode: 'output' });
  return rest;
};
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

/**
 * The description of the interface of this revision, as OpenAPI 3.1. Operations are held to the server by a test.
 * @param prefix what the paths begin with for the client
 */
export function openApi(
  { FILTERS, OPTIONS, K_REVISION, EMAIL_REQUIRED, API_KEYS, API_KEYS_REQUIRED, WEBHOOKS, MAX_FILE_BYTES }: Settings,
  prefix: string,
) {
  const options = Object.fromEntries(FILTERS.flatMap((name) => (OPTIONS[name] ? [[name, OPTIONS[name]]] : [])));
  const { notify_url, ...others } = fields;
  const wishes = { filter: filterField(FILTERS), ...others, ...(WEBHOOKS !== 'off' && { notify_url }), ...options };
  const keys = API_KEYS && (API_KEYS_REQUIRED ? 'required' : 'optional');
  return {
    openapi: '3.1.0',
    info: {
      title: 'Darkroom',
      version: K_REVISION,
      description: `Develops photos: posts become ${FILTERS.join(', ')} prints.`,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: `${prefix}/` }],
    paths: {
      '/': {
        get: {
          operationId: 'getPage',
          summary: 'The page',
          responses: {
            200: { description: 'The page.', content: page },
            304: { description: 'The client has it.' },
            ...refusedWith(408),
          },
        },
        post: postOperation(wishes, { isEmailRequired: EMAIL_REQUIRED, keys }),
      },
      ...uploadOperations(MAX_FILE_BYTES, keys),
      '/jobs/{job}': {
        get: {
          operationId: 'getJob',
          summary: 'How far along a job is',
          parameters: [job],
          responses: {
            200: json('JobStatus', 'The status of each print, and links to all files.', page),
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
      ...(keys && { securitySchemes }),
      schemas: {
        JobId: { type: 'string', pattern: `${patternOf(jobId)}|${patternOf(shareId)}` },
        UploadId: { type: 'string', pattern: patternOf(uploadId) },
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
