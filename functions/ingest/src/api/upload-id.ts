import * as v from 'valibot';

/** The id of an upload that can be resumed. */
export const uploadId = v.pipe(v.string(), v.regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/));
