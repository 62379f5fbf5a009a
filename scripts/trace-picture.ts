/**
 * node scripts/trace-picture.ts: draws docs/images/trace.svg from the spans of a real job, as a receiver of OTLP got them. If
 * OTEL_EXPORTER_OTLP_ENDPOINT names another receiver, Jaeger for example, it gets the same spans.
 */
import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { traceJob } from '../packages/lab/test/pipeline/traced-job.ts';
import type { ReceivedSpan } from '../packages/shared/test/support/otlp-receiver.ts';

const [width, line, top, labels, margin, gapWidth] = [1100, 22, 30, 400, 70, 50];
/** Seconds in which nothing happens, and which are left out. */
const longPause = 3;
const colours: Record<string, string> = {
  ingest: '#4269d0',
  grayscale: '#9498a0',
  sepia: '#9c6b4e',
  zip: '#3ca951',
  notify: '#a463f2',
  sweep: '#ff725c',
};

const { job, spans, close } = await traceJob(process.env['OTEL_EXPORTER_OTLP_ENDPOINT']);
await close();
console.log(`Job ${job}, trace ${spans[0]!.trace}, ${spans.length} spans`);

const begin = Math.min(...spans.map(({ start }) => seconds(start)));
const rows = tree('', 0);
const periods = busyPeriods();
const busy = periods.reduce((sum, { from, to }) => sum + to - from, 0);
const scale = (width - labels - margin - gapWidth * (periods.length - 1)) / busy;
const height = top + rows.length * line + 10;

const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="12">
<rect width="100%" height="100%" fill="#fff"/>
${periods.flatMap(drawPeriod).join('\n')}
${rows.map(drawSpan).join('\n')}
</svg>
`;
await writeFile(resolve(import.meta.dirname, '../docs/images/trace.svg'), svg);

function tree(parent: string, depth: number): { span: ReceivedSpan; depth: number }[] {
  const own = spans.filter((span) => span.parent === parent).toSorted((one, other) => Number(one.start - other.start));
  return own.flatMap((span) => [{ span, depth }, ...tree(span.id, depth + 1)]);
}

/** When anything happens, in seconds since the beginning. */
function busyPeriods(): { from: number; to: number }[] {
  const found: { from: number; to: number }[] = [];
  for (const { start, end } of spans.toSorted((one, other) => Number(one.start - other.start))) {
    const [from, to] = [seconds(start) - begin, seconds(end) - begin];
    const last = found.at(-1);
    if (last && from - last.to < longPause) last.to = Math.max(last.to, to);
    else found.push({ from, to });
  }
  return found;
}

function drawPeriod({ from, to }: { from: number; to: number }, index: number): string[] {
  const begun = `<text x="${x(from)}" y="16" fill="#666">${from.toFixed(1)} s</text>`;
  const next = periods[index + 1];
  const pause =
    next &&
    `<rect x="${x(to)}" y="${top - 6}" width="${gapWidth}" height="${height - top - 2}" fill="#f2f2f2"/><text x="${x(to) + gapWidth / 2}" y="${height - 12}" fill="#666" text-anchor="middle">${(next.from - to).toFixed(0)} s</text>`;
  return [begun, ...(pause ? [pause] : [])];
}

function drawSpan({ span, depth }: (typeof rows)[number], index: number): string {
  const { service, name, start, end, failed, links } = span;
  const isRetry = rows
    .slice(0, name.startsWith('process') ? index : 0)
    .some(({ span: other }) => other.parent === span.parent && other.name === name && other.service === service);
  const y = top + index * line;
  const [from, to] = [seconds(start) - begin, seconds(end) - begin];
  const length = Math.max(2, x(to) - x(from));
  const took = to - from < 1 ? `${Math.round((to - from) * 1000)} ms` : `${(to - from).toFixed(1)} s`;
  const note = links.length > 0 ? `${took}, with a link to another trace` : took;
  // Beyond the picture there is no room.
  const after = x(from) + length + 4;
  const place = after > width - 6 * note.length ? `x="${x(from) - 4}" text-anchor="end"` : `x="${after}"`;
  return [
    `<text x="${8 + depth * 14}" y="${y + 14}" fill="#222"><tspan font-weight="600">${service}</tspan> ${name.replace('dev.darkroom.', '')}${isRetry ? ', again' : ''}</text>`,
    `<rect x="${x(from)}" y="${y + 4}" width="${length.toFixed(1)}" height="${line - 8}" rx="2" fill="${colours[service] ?? '#666'}"${failed ? ' stroke="#d00" stroke-width="2"' : ''}/>`,
    `<text ${place} y="${y + 14}" fill="#666">${note}</text>`,
  ].join('');
}

/** @param moment in seconds since the beginning, within a period */
function x(moment: number): number {
  let left = labels;
  for (const { from, to } of periods) {
    if (moment <= to) return Math.round((left + (moment - from) * scale) * 10) / 10;
    left += (to - from) * scale + gapWidth;
  }
  return left;
}

function seconds(nanoseconds: bigint): number {
  return Number(nanoseconds / 1000n) / 1e6;
}
