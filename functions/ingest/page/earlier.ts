import { element, make } from './dom.ts';
import { facts } from './facts.ts';
import { recall, remember } from './memory.ts';

/** A job that was sent from this browser. */
interface EarlierJob {
  job: string;
  /** The name of its first photo. */
  name: string;
  photos: number;
  /** Milliseconds. */
  at: number;
}

const most = 20;

const known = () => (Array.isArray(recall('jobs')) ? (recall('jobs') as EarlierJob[]) : []);

export function rememberJob(job: string, files: readonly File[]): void {
  const entry = { job, name: files[0]?.name ?? 'photo', photos: files.length, at: Date.now() };
  remember('jobs', [entry, ...known().filter((other) => other.job !== job)].slice(0, most));
}

/** Without effect if the job was sent from elsewhere. */
export function forgetJob(job: string): void {
  remember(
    'jobs',
    known().filter((other) => other.job !== job),
  );
}

/** Lists the jobs that were sent from this browser, and lets a person forget them. */
export function showEarlier(): void {
  const place = element('#earlier');
  const list = place.querySelector('ul')!;
  const date = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short' });
  element('#forget-all').addEventListener('click', () => {
    remember('jobs', []);
    show();
  });
  show();

  function show() {
    const jobs = known();
    place.hidden = jobs.length === 0;
    list.replaceChildren(...jobs.map(lineOf));
  }

  function lineOf({ job, name, photos, at }: EarlierJob): HTMLLIElement {
    const more = photos > 1 ? ` and ${photos - 1} more` : '';
    const link = make('a', { href: `${facts.prefix}/?job=${encodeURIComponent(job)}` }, `${name}${more}`);
    const forget = make('button', { type: 'button', ariaLabel: `Forget ${name}${more}`, title: 'Forget' }, '×');
    forget.addEventListener('click', () => {
      forgetJob(job);
      show();
      (place.hidden ? element('#file') : element('#forget-all')).focus();
    });
    return make('li', {}, link, make('time', {}, date.format(at)), forget);
  }
}
