import * as v from 'valibot';

const bytes = v.pipe(v.number(), v.integer(), v.minValue(0));
const pixels = v.pipe(v.number(), v.integer(), v.minValue(0));
const link = v.pipe(v.string(), v.description('A path at the same origin.'));
const option = v.union([v.string(), v.number(), v.boolean()]);

const file = v.object({ href: link, type: v.pipe(v.string(), v.description('A media type.')), bytes });

const resultStatus = v.variant('status', [
  v.object({ status: v.literal('pending') }),
  v.object({ status: v.literal('rejected'), reason: v.pipe(v.string(), v.description('For the person.')) }),
  v.object({ status: v.literal('succeeded'), ...file.entries }),
]);

const image = {
  image: v.pipe(v.string(), v.description('Its number within the job.')),
  name: v.string(),
  width: pixels,
  height: pixels,
  pictures: v.exactOptional(v.pipe(v.number(), v.description('Frames or pages, if there are several.'))),
  note: v.exactOptional(v.pipe(v.string(), v.description('What its prints cannot hold, for the person.'))),
};

const imageStatus = v.object({
  ...image,
  original: file,
  results: v.pipe(v.record(v.string(), resultStatus), v.description('By filter.')),
});

const refused = v.pipe(
  v.array(v.object({ name: v.string(), reason: v.string() })),
  v.description('Photos that were turned down, and why.'),
);

const job = {
  job: v.pipe(v.string(), v.description('The id in the link that was followed: of the job, or of its share.')),
  revision: v.pipe(v.string(), v.description('The revision whose offer the job took.')),
  filters: v.array(v.string()),
  archive: v.boolean(),
  refused: v.exactOptional(refused),
};

/** What GET /jobs/<job> returns, and each event of its stream. */
export const jobStatus = v.object({
  ...job,
  status: v.picklist(['processing', 'completed', 'failed']),
  options: v.pipe(
    v.object({
      format: v.exactOptional(v.string()),
      quality: v.exactOptional(v.number()),
      filters: v.exactOptional(v.record(v.string(), option)),
    }),
    v.description('What was chosen: the format as a media type, the quality, and options by filter.'),
  ),
  acceptedAt: v.string(),
  completedAt: v.nullable(v.string()),
  images: v.array(imageStatus),
  archiveFile: v.nullable(v.object({ href: link, bytes })),
  mail: v.object({
    status: v.pipe(v.picklist(['pending', 'sent', 'failed', 'none']), v.description('none: none was asked for.')),
    reason: v.exactOptional(v.pipe(v.string(), v.description('Why it failed, for the person.'))),
  }),
  webhook: v.exactOptional(
    v.pipe(
      v.object({
        status: v.picklist(['pending', 'delivered', 'failed']),
        reason: v.exactOptional(v.pipe(v.string(), v.description('Why it failed, for the person.'))),
      }),
      v.description('Of a job with a notify_url, for whoever may delete it.'),
    ),
  ),
  mayDelete: v.pipe(v.boolean(), v.description('False for whoever has only the link that shows.')),
});

/** What POST / returns: what was accepted. */
export const receipt = v.object({
  ...job,
  status: v.literal('processing'),
  images: v.array(v.object({ ...image, type: v.string(), bytes })),
  links: v.object({ self: link }),
});

/** What POST /jobs/<job>/share returns. */
export const share = v.object({
  job: v.pipe(v.string(), v.description('The id under which the job can be seen and not deleted.')),
  links: v.object({ self: link, page: link }),
});

/** RFC 9457. */
export const problem = v.object({
  type: v.string(),
  title: v.exactOptional(v.string()),
  status: v.number(),
  detail: v.pipe(v.string(), v.description('For the person: what is wrong, and what to do about it.')),
  instance: v.exactOptional(v.string()),
});

export type JobStatus = v.InferOutput<typeof jobStatus>;
export type ImageStatus = v.InferOutput<typeof imageStatus>;
export type ResultStatus = v.InferOutput<typeof resultStatus>;
export type Receipt = v.InferOutput<typeof receipt>;
export type Share = v.InferOutput<typeof share>;
export type Problem = v.InferOutput<typeof problem>;
