import type { FastifyReply } from 'fastify';
import type { ImageStatus, JobStatus, ResultStatus } from '../api/job-status.ts';
import { sentence } from '../api/sentence.ts';
import { shapeOf } from '../api/shape.ts';
import { stagesOf } from '../api/stages.ts';
import { thumbnailWidths } from '../api/thumbnail-widths.ts';
import { size } from '../api/words.ts';
import { document, documentPolicy, type Html, html } from '../html/document.ts';

/** Shows a job to somebody whose browser runs no scripts. */
export function jobPage(reply: FastifyReply, job: JobStatus, prefix: string): FastifyReply {
  const archive = job.archiveFile
    ? html`<p>
        <a class="button primary" href="${job.archiveFile.href}">Download all as ZIP, ${size(job.archiveFile.bytes)}</a>
      </p>`
    : html``;
  const page = document({
    title: 'Your prints',
    prefix,
    parts: [
      html`<p role="status">${sentence(job)}</p>`,
      stagesIn(job),
      archive,
      // A page that loads itself again would take whoever reads it slowly back to its beginning.
      job.status === 'processing' ? html`<p><a class="button" href="${prefix}/jobs/${job.job}">Look again</a></p>` : html``,
      refusedIn(job),
      ...job.images.map((image) => lineOf(image)),
      html`<p>
        Keep the address of this page to come back to it. With JavaScript, <a href="${prefix}/?job=${job.job}">the page</a> renews
        itself.
      </p>`,
    ],
  });
  return reply.headers({ 'content-type': 'text/html; charset=utf-8', 'content-security-policy': documentPolicy() }).send(page);
}

function stagesIn(job: JobStatus): Html {
  return html`<ol class="stages" aria-label="Stages">
    ${stagesOf(job).map(({ name, state, text }) => html`<li class="${state}"><b>${name}</b> <span>${text}</span></li>`)}
  </ol>`;
}

function refusedIn({ refused = [] }: JobStatus): Html {
  if (refused.length === 0) return html``;
  return html`<ul class="refused" aria-label="Photos that were not accepted">
    ${refused.map(({ name, reason }) => html`<li><b>${name}</b> ${reason}</li>`)}
  </ul>`;
}

function lineOf(photo: ImageStatus): Html {
  const { image, name, note, original, results } = photo;
  return html`<article class="line">
    <h2><span>${image}</span>${name}</h2>
    ${note === undefined ? html`` : html`<p class="note">${note}</p>`}
    <div>
      ${figureOf(photo, 'original', { status: 'succeeded', ...original })}
      ${Object.entries(results).map(([filter, result]) => figureOf(photo, filter, result))}
    </div>
  </article>`;
}

function figureOf(photo: ImageStatus, made: string, result: ResultStatus): Html {
  const { name, width, height } = photo;
  if (result.status !== 'succeeded')
    return html`<figure>
      <div class="blank">${result.status === 'rejected' ? result.reason : 'developing'}</div>
      <figcaption><b>${result.status === 'rejected' ? `${made}: not made` : made}</b></figcaption>
    </figure>`;
  const { href, bytes } = result;
  return html`<figure>
    <a href="${href}"
      ><img
        src="${href}?width=${thumbnailWidths[0]}"
        alt="${name}, ${made}"
        class="${shapeOf(photo).kind}"
        width="${width}"
        height="${height}"
        loading="lazy"
    /></a>
    <figcaption><b>${made}</b> <a href="${href}?download">Save, ${size(bytes)}</a></figcaption>
  </figure>`;
}
