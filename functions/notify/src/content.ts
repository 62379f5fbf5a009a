import { type Job, readReason, type Rejection } from '@darkroom/shared/job';
import { coverOf } from '@darkroom/shared/job/cover';
import { keys } from '@darkroom/shared/job/keys';
import { noteOf } from '@darkroom/shared/job/note';
import type { Progress } from '@darkroom/shared/job/progress';
import { readJson, type Store } from '@darkroom/shared/store';
import { shownName } from './names.ts';
import { textsFor } from './texts/choose.ts';
import type { Texts } from './texts/texts.ts';

/** What a mail says, as text and as HTML alike. */
export interface Content {
  /** BCP 47. */
  locale: string;
  subject: string;
  /** The address of the page, without a slash at its end. */
  home: string;
  /** What the picture shows, if there is one. */
  caption?: string;
  prints: Line[];
  whereabouts: string;
  /** The most important one first, the one that destroys something last. */
  links: { text: string; href: string }[];
  sections: { heading: string; lines: Line[] }[];
  retention: string;
  origin: string;
}

export interface Line {
  text: string;
  /** Why, as an English sentence. */
  reason?: string;
}

interface Facts {
  store: Store;
  job: Job;
  progress: Progress;
  /** How many files are attached. */
  attached: number;
  /** PUBLIC_URL. */
  url: string;
  /** Seconds. */
  retention: number;
}

/** The most lines in one list. The page shows them all. */
const mostListed = 20;

/** Says what was made, where it is, what could not be made and why, and what happens to the photos. */
export async function contentOf({ store, job, progress, attached, url, retention }: Facts): Promise<Content> {
  const texts = textsFor(job.locale);
  const { links, headings } = texts;
  const made = progress.prints.filter(({ status }) => status === 'succeeded');
  const home = url.replace(/\/$/, '');
  const page = `${home}/?job=${job.job}`;
  const prints = job.images.flatMap(({ image, name }) => {
    const filters = made.filter(({ photo }) => photo.image === image).map(({ filter }) => filter);
    return filters.length === 0 ? [] : [{ text: texts.made(shownName(name), filters) }];
  });
  const sections = [
    { heading: headings.madeInPart, lines: notesOf(job, progress) },
    { heading: headings.notMade, lines: await reasonsOf(store, job, progress, texts) },
  ];
  const cover = coverOf(job);
  return {
    locale: texts.locale,
    subject: texts.subject(made.length),
    home,
    ...(cover && { caption: `${shownName(cover.photo.name)}, ${cover.filter}` }),
    prints: shortened(prints, texts),
    whereabouts: texts.whereabouts[whereabouts(made.length, attached, progress)],
    links: [
      { text: links.page(made.length), href: page },
      ...(progress.archive
        ? [{ text: links.archive(progress.archive.size), href: `${home}/jobs/${job.job}/archive.zip?download` }]
        : []),
      // Not to what deletes: programs that check mails follow links. The page asks.
      { text: links.deletion, href: `${page}#delete` },
    ],
    sections: sections
      .filter(({ lines }) => lines.length > 0)
      .map(({ heading, lines }) => ({ heading, lines: shortened(lines, texts) })),
    retention: texts.retention(retention),
    origin: texts.origin,
  };
}

/** Of photos that have a print: where there is none, its reason says more. */
function notesOf(job: Job, { prints }: Progress): Line[] {
  return job.images.flatMap((photo) => {
    const isMade = prints.some((print) => print.photo.image === photo.image && print.status === 'succeeded');
    const note = isMade && noteOf(job, photo);
    return note ? [{ text: shownName(photo.name), reason: note }] : [];
  });
}

async function reasonsOf(store: Store, job: Job, { prints }: Progress, texts: Texts): Promise<Line[]> {
  const rejected = await Promise.all(
    prints
      .filter(({ status }) => status === 'rejected')
      .map(async ({ photo, filter }) => ({
        text: `${shownName(photo.name)}, ${filter}`,
        reason: await readReason(store, job.job, photo.image, filter),
      })),
  );
  const refused = (job.refused ?? []).map(({ name, reason }) => ({ text: shownName(name), reason }));
  const noArchive = (await readJson(store, keys.archiveRejection(job.job))) as Rejection | undefined;
  return [...rejected, ...refused, ...(noArchive ? [{ text: texts.archive, reason: noArchive.reason }] : [])];
}

function whereabouts(made: number, attached: number, { archive }: Progress): keyof Texts['whereabouts'] {
  if (made === 0) return 'nowhere';
  if (attached === 0) return 'linked';
  return archive ? 'attachedArchive' : 'attached';
}

function shortened(lines: Line[], texts: Texts): Line[] {
  return lines.length <= mostListed ? lines : [...lines.slice(0, mostListed), { text: texts.more(lines.length - mostListed) }];
}
