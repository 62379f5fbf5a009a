import { json, reference, refusedWith } from './answers.ts';
import { acceptLanguageSchema, idempotencyKeySchema } from './fields.ts';
import { inQuery } from './parameters.ts';
import { type Keys, securityOf, unauthorized } from './security.ts';

interface Demands {
  isEmailRequired: boolean;
  keys: Keys;
}

const uploads = {
  type: 'array',
  items: reference('UploadId'),
  description: 'Photos that have arrived before, by the ids of their uploads.',
};

/** POST /. @param wishes the schema of each field */
export function postOperation(wishes: Record<string, object>, { isEmailRequired, keys }: Demands) {
  return {
    ...securityOf(keys),
    operationId: 'postPhotos',
    summary: 'Have photos developed',
    description: 'Fields may be in the form or in the query. 202 is a promise: the job survives whatever happens from then on.',
    parameters: [
      { name: 'Idempotency-Key', in: 'header', schema: idempotencyKeySchema },
      { name: 'Accept-Language', in: 'header', schema: acceptLanguageSchema },
      ...Object.entries(wishes).map(([name, schema]) => inQuery(name, schema)),
      inQuery('upload', uploads),
      inQuery('name', { type: 'string', description: 'The name of the photo, if it is the body.' }),
    ],
    requestBody: {
      required: true,
      content: {
        'multipart/form-data': {
          schema: {
            type: 'object',
            properties: { file: { type: 'array', items: { type: 'string', format: 'binary' } }, upload: uploads, ...wishes },
            required: isEmailRequired ? ['email'] : [],
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
      ...refusedWith(400, ...unauthorized(keys), 403, 408, 409, 410, 413, 415, 422, 429, 503, 507),
    },
  };
}
