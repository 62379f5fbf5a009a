/** Schemas of the description, by name. */
export const reference = (name: string) => ({ $ref: `#/components/schemas/${name}` });

/** Why an operation may be refused, by status. */
const refusals: Record<number, string> = {
  400: 'Something in the request is wrong.',
  401: 'An API key is required, or this one is not known.',
  403: 'Another website made the browser send it; or the link only shows.',
  404: 'There is no such job, no such file in it, or no such upload.',
  408: 'The request arrives too slowly.',
  409: 'The revision that was asked for is not known here; or an upload is at another offset, or has become a part of a job.',
  410: 'The job was deleted, or its record is damaged.',
  412: 'The header “Tus-Resumable” is missing, or names another version.',
  413: 'A photo is too large, or there are too many.',
  415: 'This is no photo that can be developed.',
  416: 'The range is outside the file.',
  422: 'The photo cannot be developed; or the key was used with another post.',
  429: 'This client, or this address, has had its share for now.',
  500: 'Something went wrong on our side.',
  503: 'There is no room for the request, or the store cannot be reached.',
  507: 'There is no space left.',
};

const challenge = { 'WWW-Authenticate': { schema: { type: 'string' }, description: 'RFC 6750, 3.' } };
const retryAfter = { 'Retry-After': { schema: { type: 'integer' }, description: 'Seconds.' } };
/** What people get. */
export const page = { 'text/html': { schema: { type: 'string' } } };

/** The answers to a request that is refused, with a problem (RFC 9457) or a page. Any may fail. */
export function refusedWith(...statuses: number[]) {
  const isTemporary = (status: number) => [429, 503, 507].includes(status);
  const answers = [...statuses, 500].map((status) => [
    String(status),
    {
      description: refusals[status],
      ...(isTemporary(status) && { headers: retryAfter }),
      ...(status === 401 && { headers: challenge }),
      content: { 'application/problem+json': { schema: reference('Problem') }, ...page },
    },
  ]);
  return Object.fromEntries(answers) as Record<string, object>;
}

/** @param more other types in which it may come */
export const json = (name: string, description: string, more: object = {}) => ({
  description,
  content: { 'application/json': { schema: reference(name) }, ...more },
});
