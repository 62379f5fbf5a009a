import { createHash } from 'node:crypto';
import * as v from 'valibot';

/** The id under which a job can be seen and not deleted. */
export const shareId = v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/));

/** Derived from the id of the job, which cannot be derived from it. */
export const shareOf = (job: string): string => createHash('sha256').update(`share of ${job}`).digest('hex').slice(0, 32);
