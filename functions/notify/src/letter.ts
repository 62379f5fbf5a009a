import { type Job, readReason, type Rejection } from '@darkroom/shared/job';
import { keys } from '@darkroom/shared/job/keys';
import type { Progress } from '@darkroom/shared/job/progress';
import { readJson, type Store } from '@darkroom/shared/store';
import type { Attachment } from './attachments.ts';

export interface Letter {
  from: string;
  to: string;
  subject: string;
  text: string;
  html: string;
  /** Derived from the job, so that a mail sent twice can be recognised as one. */
  messageId: string;
  attachments: Attachment[];
}

/** Sends one letter, within `sendSeconds`. Throws Undeliverable where no retry can help. */
export type Send = (letter: Letter) => Promise<void>;

/** No retry can bring this mail to this address. Everything else that a transport throws may pass. */
export class Undeliverable extends Error {
  override readonly name = 'Undeliverable';
}

/** A mail that takes longer counts as failed. */
export const sendSeconds = 60;

interface Facts {
  store: Store;
  job: Job;
  progress: Progress;
  attachments: Attachment[];
  publicUrl: string;
  from: string;
}

/** Writes the mail of a job: what was made, where it is, and what could not be made and why. */
export async function compose({ store, job, progress, attachments, publicUrl, from }: Facts): Promise<Letter> {
  const made = progress.prints.filter(({ status }) => status === 'succeeded');
  const rejected = await Promise.all(
    progress.prints
      .filter(({ status }) => status === 'rejected')
      .map(async ({ photo, filter }) => `${photo.name}, ${filter}: ${await readReason(store, job.job, photo.image, filter)}`),
  );
  const noArchive = (await readJson(store, keys.archiveRejection(job.job))) as Rejection | undefined;
  if (noArchive) rejected.push(`ZIP file: ${noArchive.reason}`);

  const subject =
    made.length === 0
      ? 'Your photos could not be developed'
      : `Your ${made.length === 1 ? 'print is' : `${made.length} prints are`} ready`;
  const link = `${publicUrl.replace(/\/$/, '')}/?job=${job.job}`;
  const prints = job.images.flatMap(({ image, name }) => {
    const filters = made.filter(({ photo }) => photo.image === image).map(({ filter }) => filter);
    return filters.length === 0 ? [] : [`${name}: ${filters.join(', ')}`];
  });
  const where = whereabouts(made.length, attachments.length, progress.archive !== undefined);

  return {
    from,
    to: job.email,
    subject,
    text: [
      subject + '.',
      prints.map(bullet).join('\n'),
      where,
      link,
      rejected.length ? 'Not made:' : '',
      rejected.map(bullet).join('\n'),
    ]
      .filter((part) => part !== '')
      .join('\n\n')
      .concat('\n'),
    html: page(subject, [
      list(prints),
      where ? `<p>${escape(where)}</p>` : '',
      `<p><a href="${escape(link)}" style="color:#8a2b1d">See them side by side</a></p>`,
      rejected.length ? `<p>Not made:</p>${list(rejected)}` : '',
    ]),
    messageId: `<${job.job}@${from.match(/@([\w.-]+)>?\s*$/)?.[1] ?? 'darkroom'}>`,
    attachments,
  };
}

function whereabouts(made: number, attached: number, archive: boolean): string {
  if (made === 0) return 'Look at the reasons below, and send other photos.';
  if (attached > 0) return archive ? 'They are attached as a ZIP file, together with your originals.' : 'They are attached.';
  return 'They are too large for a mail. Fetch them here:';
}

const bullet = (line: string) => `- ${line}`;
const list = (lines: string[]) =>
  lines.length === 0 ? '' : `<ul>${lines.map((line) => `<li>${escape(line)}</li>`).join('')}</ul>`;

function page(title: string, parts: string[]): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${escape(title)}</title></head>
<body style="margin:0;padding:24px;background:#f4f1ea;color:#222;font:16px/1.5 Georgia,serif">
<div style="max-width:560px;margin:auto;background:#fff;padding:24px 32px;border:1px solid #ddd6c8">
<h1 style="font-size:20px">${escape(title)}</h1>
${parts.filter((part) => part !== '').join('\n')}
</div></body></html>
`;
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
