import type { JobStatus } from '../src/api/job-status.ts';

/** Says in the title of the tab what happens on a page that nobody looks at. */
export function entitle(text = ''): void {
  document.title = text === '' ? 'Darkroom' : `${text} · Darkroom`;
}

export function progressTitle({ status, images }: JobStatus): string {
  if (status === 'failed') return 'Not developed';
  if (status === 'completed') return 'Prints ready';
  const prints = images.flatMap((image) => Object.values(image.results));
  return `${prints.filter((print) => print.status !== 'pending').length} of ${prints.length} prints`;
}
