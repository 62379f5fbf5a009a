import { createHash } from 'node:crypto';
import { type Job, readReason, type Rejection } from '@darkroom/shared/job';
import { noteOf } from '@darkroom/shared/job/note';
import { keys } from '@darkroom/shared/job/keys';
import type { Progress } from '@darkroom/shared/job/progress';
import { duration } from '@darkroom/shared/job/retention';
import { readJson, type Store } from '@darkroom/shared/store';
import type { Attachment } from './attachments.ts';
import { link as anchor, list, page, paragraph, small } from './html.ts';
import { shownName } from './names.ts';

export interface Mail {
  from: string;
  replyTo?: string;
  to: string;
  subject: string;
  text: string;
  html: string;
  /** The same for every attempt, so that a duplicate can be recognised. */
  messageId: string;
  headers: Record<string, string>;
  attachments: Attachment[];
}

export interface MailSettings {
  PUBLIC_URL: string;
  MAIL_FROM: string;
  MAIL_REPLY_TO?: string | undefined;
  RETENTION: number;
}

/** A job of somebody who gave an address. */
export type AddressedJob = Job & { email: string };

interface Facts {
  store: Store;
  job: AddressedJob;
  progress: Progress;
  attachments: Attachment[];
  settings: MailSettings;
}

/** Marks the mail as sent by a machine, so that no absence notice comes back (RFC 3834, 5; the other header is for Exchange). */
const headers = { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' };

/** The most lines in one list. The page shows them all. */
const mostListed = 20;

/** Writes the mail of a job: what was made, where it is, what could not be made and why, and what happens to the photos. */
export async function composeMail({ store, job, progress, attachments, settings }: Facts): Promise<Mail> {
  const made = progress.prints.filter(({ status }) => status === 'succeeded');
  const subject =
    made.length === 0
      ? 'Your photos could not be developed'
      : `Your ${made.length === 1 ? 'print is' : `${made.length} prints are`} ready`;
  const prints = shortened(
    job.images.flatMap(({ image, name }) => {
      const filters = made.filter(({ photo }) => photo.image === image).map(({ filter }) => filter);
      return filters.length === 0 ? [] : [`${shownName(name)}: ${filters.join(', ')}`];
    }),
  );
  const notes = shortened(notesOf(job, progress));
  const missing = shortened(await reasonsOf(store, job, progress));
  const where = whereabouts(made.length, attachments.length, progress.archive !== undefined);
  const address = `${settings.PUBLIC_URL.replace(/\/$/, '')}/?job=${job.job}`;
  const invitation = made.length > 0 ? 'See them side by side, or delete them' : 'See the job, or delete it';
  const why = `You are getting this mail because somebody posted photos to Darkroom with this address. If it was not you, ignore it, or delete the photos with the link above.`;
  const howLong = `Photos and prints are deleted ${duration(settings.RETENTION)} after this mail.`;

  return {
    from: settings.MAIL_FROM,
    ...(settings.MAIL_REPLY_TO !== undefined && { replyTo: settings.MAIL_REPLY_TO }),
    to: job.email,
    subject,
    text: [
      `${subject}.`,
      bullets(prints),
      where,
      `${invitation}:\n${address}`,
      notes.length > 0 ? 'Made in part:' : '',
      bullets(notes),
      missing.length > 0 ? 'Not made:' : '',
      bullets(missing),
      `-- \n${howLong}\n${why}`,
    ]
      .filter((part) => part !== '')
      .join('\n\n')
      .concat('\n'),
    html: page(subject, [
      list(prints),
      paragraph(where),
      anchor(address, invitation),
      notes.length > 0 ? paragraph('Made in part:') + list(notes) : '',
      missing.length > 0 ? paragraph('Not made:') + list(missing) : '',
      small(`${howLong} ${why}`),
    ]),
    messageId: messageIdOf(job.job, settings.MAIL_FROM),
    headers,
    attachments,
  };
}

/** Derived from the job, but the job cannot be derived from it: headers travel further than the mail, and whoever knows the job can delete it. */
export function messageIdOf(job: string, from: string): string {
  const digest = createHash('sha256').update(`mail of ${job}`).digest('hex').slice(0, 32);
  return `<${digest}@${/@([\w.-]+)>?\s*$/.exec(from)?.[1] ?? 'darkroom'}>`;
}

/** Of photos that have a print: where there is none, its reason says more. */
function notesOf(job: Job, { prints }: Progress): string[] {
  return job.images.flatMap((photo) => {
    const isMade = prints.some((print) => print.photo.image === photo.image && print.status === 'succeeded');
    const note = isMade && noteOf(job, photo);
    return note ? [`${shownName(photo.name)}: ${note}`] : [];
  });
}

async function reasonsOf(store: Store, job: Job, { prints }: Progress): Promise<string[]> {
  const rejected = await Promise.all(
    prints
      .filter(({ status }) => status === 'rejected')
      .map(async ({ photo, filter }) => {
        const reason = await readReason(store, job.job, photo.image, filter);
        return `${shownName(photo.name)}, ${filter}: ${reason}`;
      }),
  );
  const refused = (job.refused ?? []).map(({ name, reason }) => `${shownName(name)}: ${reason}`);
  const noArchive = (await readJson(store, keys.archiveRejection(job.job))) as Rejection | undefined;
  return [...rejected, ...refused, ...(noArchive ? [`ZIP file: ${noArchive.reason}`] : [])];
}

function whereabouts(made: number, attached: number, archive: boolean): string {
  if (made === 0) return 'Look at the reasons below, and send other photos.';
  if (attached > 0) return archive ? 'They are attached as a ZIP file, together with your originals.' : 'They are attached.';
  return 'They are too large to mail. Download them from the page:';
}

function shortened(lines: string[]): string[] {
  return lines.length <= mostListed ? lines : [...lines.slice(0, mostListed), `and ${lines.length - mostListed} more`];
}

const bullets = (lines: string[]) => lines.map((line) => `- ${line}`).join('\n');
