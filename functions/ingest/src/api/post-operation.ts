import { json, refusedWith } from './answers.ts';
import { acceptLanguageSchema, idempotencyKeySchema } from './fields.ts';
import { inQuery } from './parameters.ts';

/** How a program shows an API key. */
export const securitySchemes = { apiKey: { type: 'http', scheme: 'bearer', description: 'A key that the operator gave out.' } };

interface Demands {
  isEmailRequired: boolean;
  /** Undefined where there are none. */
  keys: 'required' | 'optional' | undefined;
}

/** POST /. @param wishes the schema of each field */
export function postOperation(wishes: Record<string, object>, { isEmailRequired, keys }: Demands) {
  const keyed = [{ apiKey: [] }];
  return {
    ...(keys && { security: keys === 'required' ? keyed : [{}, ...keyed] }),
    operationId: 'postPhotos',
    summary: 'Have photos developed',
    description: 'Fields may be in the form or in the query. 202 is a promise: the job survives whatever happens from then on.',
    parameters: [
      { name: 'Idempotency-Key', in: 'header', schema: idempotencyKeySchema },
      { name: 'Accept-Language', in: 'header', schema: acceptLanguageSchema },
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
            required: ['file', ...(isEmailRequired ? ['email'] : [])],
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
      ...refusedWith(400, ...(keys ? [401] : []), 403, 408, 409, 410, 413, 415, 422, 429, 503, 507),
    },
  };
}
