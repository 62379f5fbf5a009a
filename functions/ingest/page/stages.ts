import type { JobStatus } from '../src/api/job-status.ts';
import { stagesOf } from '../src/api/stages.ts';
import { element, make, say } from './dom.ts';

/** Lights the stages of a job as they happen. It is not read out by itself: the sentence above says the same. */
export function light(job: JobStatus): void {
  const list = element('#stages');
  const isNew = list.childElementCount === 0;
  for (const [index, { name, state, text }] of stagesOf(job).entries()) {
    const item = list.children[index] ?? list.appendChild(make('li', {}, make('b', {}, name), ' ', make('span')));
    // Only what happens while the person watches glows.
    if (!item.classList.contains(state)) item.className = isNew ? state : `${state} lately`;
    say(item.querySelector('span')!, text);
  }
  list.hidden = false;
}
