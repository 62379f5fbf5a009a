import { integer } from '@darkroom/shared/config';
import * as v from 'valibot';

const GiB = 1024 ** 3;

/** Who gets how much. Each limit can be set by the environment variable of the same name; 0 lifts it. Reasons: docs/limits.md. */
export const fairShare = {
  /** Posts that one process accepts at once. */
  MAX_UPLOADS: v.optional(integer(0, 100_000), '256'),
  /** Files that one process sends at once. */
  MAX_DOWNLOADS: v.optional(integer(0, 100_000), '256'),
  /** Responses that one process holds at once because of `wait`. */
  MAX_WAITS: v.optional(integer(0, 100_000), '256'),
  /** Streams of status that one process keeps open at once. */
  MAX_STREAMS: v.optional(integer(0, 100_000), '256'),
  /** Bytes on the disk of one process, over all posts that it is receiving. */
  MAX_SPOOL_BYTES: v.optional(integer(0, 1024 * GiB), String(2 * GiB)),
  /** Bytes a second below which an upload is cut off. */
  MIN_UPLOAD_RATE: v.optional(integer(0, GiB), '1024'),
  /** Posts, and downloads, that one client may have under way at once. */
  CLIENT_REQUESTS: v.optional(integer(0, 100_000), '64'),
  /** Posts of one client in a minute. */
  CLIENT_POSTS: v.optional(integer(0, 1_000_000), '600'),
  /** Bytes posted by one client in a minute. */
  CLIENT_BYTES: v.optional(integer(0, 1024 * GiB), String(GiB)),
  /** Jobs for one e-mail address in an hour. */
  ADDRESS_JOBS: v.optional(integer(0, 1_000_000), '20'),
};
