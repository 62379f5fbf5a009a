import { reference } from './answers.ts';
import { thumbnailWidths } from './thumbnail-widths.ts';

export const inPath = (name: string, schema: object, description: string) => ({
  name,
  in: 'path',
  required: true,
  schema,
  description,
});
export const inQuery = (name: string, schema: object) => ({ name, in: 'query', schema });
export const job = inPath('job', reference('JobId'), 'The id of a job, or of its share.');
export const width = inQuery('width', {
  enum: [...thumbnailWidths],
  description: 'Asks for a copy of this width in pixels, as WebP.',
});
export const download = inQuery('download', { type: 'string', description: 'Present: to be saved rather than shown.' });
export const range = { name: 'Range', in: 'header', schema: { type: 'string' }, description: 'RFC 9110, 14.2.' };
