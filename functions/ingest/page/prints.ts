import type { ImageStatus, JobStatus, ResultStatus } from '../src/api/job-status.ts';
import { shapeOf } from '../src/api/shape.ts';
import { thumbnailWidths } from '../src/api/thumbnail-widths.ts';
import { size } from '../src/api/words.ts';
import { element, make } from './dom.ts';

/** Bytes: a smaller file is shown as it is. */
const worthwhile = 60_000;
/** Types that can move; a thumbnail cannot. */
const moving = ['image/gif', 'image/webp'];

/** Shows every photo and its prints. Whatever has not changed since the last time is left in place. */
export function hang(job: JobStatus): void {
  const lines = element('#lines');
  for (const image of job.images) {
    const line = lines.querySelector(`[data-image="${image.image}"]`) ?? lines.appendChild(newLine(image));
    for (const [filter, result] of Object.entries(image.results)) {
      const old = line.querySelector<HTMLElement>(`[data-filter="${filter}"]`);
      if (old?.dataset['status'] === result.status) continue;
      const print = figureOf(image, filter, result, chosen(job, filter));
      // Only prints that appear while the person watches fade in.
      if (old) print.classList.add('developed');
      if (old) old.replaceWith(print);
      else line.querySelector('div')!.append(print);
    }
  }
}

/** Photos of the same post that were turned down. */
export function listRefused({ refused = [] }: JobStatus): void {
  const list = element('#refused');
  if (list.childElementCount === refused.length) return;
  list.replaceChildren(...refused.map(({ name, reason }) => make('li', {}, make('b', {}, name), ` ${reason}`)));
  list.hidden = refused.length === 0;
}

function newLine(image: ImageStatus): HTMLElement {
  const { href, bytes } = image.original;
  const original = make(
    'figure',
    {},
    picture(image, image.original, `${image.name}, the original`),
    caption('original', href, bytes),
  );
  const line = make(
    'article',
    { className: 'line' },
    make('h2', {}, make('span', {}, image.image), image.name),
    ...(image.note === undefined ? [] : [make('p', { className: 'note' }, image.note)]),
    make('div', {}, original),
  );
  line.dataset['image'] = image.image;
  return line;
}

/** "blur 3", where something can be chosen for a filter. */
function chosen({ options }: JobStatus, filter: string): string {
  const value = options.filters?.[filter];
  return value === undefined ? filter : `${filter} ${String(value)}`;
}

function figureOf(image: ImageStatus, filter: string, result: ResultStatus, title: string): HTMLElement {
  const figure = make('figure', { className: result.status });
  figure.dataset['filter'] = filter;
  figure.dataset['status'] = result.status;
  if (result.status === 'succeeded')
    figure.append(picture(image, result, `${image.name} in ${title}`), caption(title, result.href, result.bytes));
  else if (result.status === 'rejected')
    figure.append(blank(image, 'rejected', result.reason), make('figcaption', {}, make('b', {}, `${title}: not made`)));
  else figure.append(blank(image, 'pending', ''), make('figcaption', {}, make('b', {}, title), make('span', {}, 'developing')));
  return figure;
}

/** A picture that can be opened in full. */
function picture(image: ImageStatus, { href, type, bytes }: ImageStatus['original'], alt: string): HTMLElement {
  const { width, height } = image;
  const className = shapeOf(image).kind;
  const seen = make('img', { loading: 'lazy', decoding: 'async', alt, width, height, className });
  const link = make('a', { href, target: '_blank', rel: 'noopener' }, seen);
  const isSmall = bytes < worthwhile || (image.pictures !== undefined && moving.includes(type));
  const sources = isSmall ? [href] : [`${href}?width=${thumbnailWidths[0]}`, href];
  // There may be no small copy; and no browser can show every format that a photo may have.
  seen.addEventListener('error', () => {
    seen.srcset = '';
    sources.shift();
    if (sources[0] !== undefined) seen.src = sources[0];
    else link.replaceWith(blank(image, 'unseen', 'This browser cannot show this format. Save it to see it.'));
  });
  if (!isSmall) {
    seen.sizes = '(max-width: 40rem) 9rem, 15rem';
    seen.srcset = thumbnailWidths.map((each) => `${href}?width=${each} ${each}w`).join(', ');
  }
  seen.src = sources[0]!;
  return link;
}

/** A placeholder that takes the room of the photo, so that nothing moves when the picture loads. */
function blank(image: ImageStatus, kind: string, text: string): HTMLElement {
  const paper = make('div', { className: `blank ${kind}` }, text);
  paper.style.aspectRatio = shapeOf(image).room;
  return paper;
}

function caption(title: string, href: string, bytes: number): HTMLElement {
  const text = `Save, ${size(bytes)}`;
  const save = make('a', { href: `${href}?download`, download: '', ariaLabel: `${text}, ${title}` }, text);
  return make('figcaption', {}, make('b', {}, title), save);
}
