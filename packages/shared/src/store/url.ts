import * as v from 'valibot';

/** What STORE_URL may look like, in words. Separate from the stores, so that a process can check it without loading them. */
export const storeForms = 'file:/absolute/folder or s3://bucket/prefix';

const protocols = ['file:', 's3:'];

/** STORE_URL, from text. */
export const storeUrl = v.pipe(
  v.string(),
  v.check((text) => URL.canParse(text) && protocols.includes(new URL(text).protocol), `must be ${storeForms}`),
);
