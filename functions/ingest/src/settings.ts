import { filterNames, flag, integer, readConfig, url } from '@darkroom/shared/config';
import { limits } from '@darkroom/shared/image/limits';
import * as v from 'valibot';

const { MAX_FILE_BYTES, MAX_FILES, MAX_PIXELS, MAX_FRAMES, MAX_IMAGE_MEMORY } = limits;

const schema = {
  /** 0 takes any free port; the first line of the log names it. */
  PORT: v.optional(integer(0, 65_535), '8080'),
  STORE_URL: url('file:', 's3:'),
  /** Whether files to save come through ingest, or by a presigned address from a store that people can reach. */
  DOWNLOADS: v.optional(v.picklist(['proxy', 'redirect'], 'must be proxy or redirect'), 'proxy'),
  K_SINK: url('http:', 'https:'),
  FILTERS: filterNames,
  ARCHIVE: v.optional(flag, 'false'),
  /** Knative sets it. It becomes a header, hence the plain characters. */
  K_REVISION: v.optional(v.pipe(v.string(), v.regex(/^[\w.-]{1,100}$/, 'must be a plain name')), 'local'),
  MAX_FILE_BYTES,
  MAX_FILES,
  MAX_PIXELS,
  MAX_FRAMES,
  MAX_IMAGE_MEMORY,
};

export type Settings = ReturnType<typeof readSettings>;

export function readSettings(environment = process.env) {
  return readConfig(schema, environment);
}
