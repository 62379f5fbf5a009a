import type { Job } from '@darkroom/shared/job';
import { stagesFor } from '@darkroom/shared/job/dead-letter';
import { eventType } from '@darkroom/shared/events';
import { expect, test } from 'vitest';

const job = { filters: ['grayscale', 'sepia'], archive: true } as Job;

test.each<[string, Partial<Job>, Record<string, string>, string[]]>([
  ['a photo for both filters', {}, { type: eventType.imageUploaded, grayscale: 'true', sepia: 'true' }, ['grayscale', 'sepia']],
  ['a photo for one filter', {}, { type: eventType.imageUploaded, sepia: 'true' }, ['sepia']],
  ['a photo for a filter that says no', {}, { type: eventType.imageUploaded, sepia: 'false' }, []],
  ['a photo for a filter that the job does not want', {}, { type: eventType.imageUploaded, blur: 'true' }, []],
  ['a print of a job with an archive', {}, { type: eventType.filterFinished, sepia: 'true' }, ['zip']],
  ['a print of a job without one', { archive: false }, { type: eventType.filterFinished }, ['notify']],
  ['an archive', {}, { type: eventType.archiveCreated, sepia: 'true' }, ['notify']],
  ['the end of a job', {}, { type: eventType.jobCompleted, sepia: 'true' }, []],
  ['an event without a type', {}, {}, []],
])('%s is meant for the stages that its Triggers name', (_kind, changes, attributes, stages) => {
  expect(stagesFor({ ...job, ...changes }, attributes)).toEqual(stages);
});
