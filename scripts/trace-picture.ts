/** node scripts/trace-picture.ts: draws docs/images/trace.svg from the spans of a real job, as a receiver of OTLP got them. */
import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { traceJob } from '../packages/lab/test/pipeline/traced-job.ts';
import type { ReceivedSpan } from '../packages/shared/test/support/otlp-receiver.ts';

const [width, line, labels] = [1100, 20, 390];
const colours: Record<string, string> = {
  ingest: '#4269d0',
  grayscale: '#9498a0',
  sepia: '#9c6b4e',
  zip: '#3ca951',
  notify: '#a463f2',
  sweep: '#ff725c',
};

const { spans, close } = await traceJob();
await close();
const rows = tree(spans, '', 0);
const start = Math.min(...spans.map(({ start: begun }) => seconds(begun)));
const end = Math.max(...spans.map(({ end: over }) => seconds(over)));
const scale = (width - labels - 70) / (end - start);
const height = rows.length * line + 40;
const ticks = Array.from({ length: 5 }, (_, index) => ((end - start) * index) / 4);

const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="12">
<rect width="100%" height="100%" fill="#fff"/>
${ticks.map((tick) => `<path d="M${x(start + tick)} 24V${height - 8}" stroke="#ddd"/><text x="${x(start + tick)}" y="16" fill="#666" text-anchor="middle">${tick.toFixed(1)} s</text>`).join('\n')}
${rows.map(draw).join('\n')}
</svg>
`;
await writeFile(resolve(import.meta.dirname, '../docs/images/trace.svg'), svg);

function tree(all: readonly ReceivedSpan[], parent: string, depth: number): { span: ReceivedSpan; depth: number }[] {
  const own = all.filter((span) => span.parent === parent).toSorted((one, other) => Number(one.start - other.start));
  return own.flatMap((span) => [{ span, depth }, ...tree(all, span.id, depth + 1)]);
}

function draw({ span, depth }: { span: ReceivedSpan; depth: number }, index: number): string {
  const { service, name, failed } = span;
  const y = 28 + index * line;
  const [from, to] = [x(seconds(span.start)), x(seconds(span.end))];
  const took = seconds(span.end) - seconds(span.start);
  const text = `<tspan font-weight="600">${service}</tspan> ${name.replace('dev.darkroom.', '')}`;
  return `<text x="${8 + depth * 14}" y="${y + 13}" fill="#222">${text}</text><rect x="${from}" y="${y + 3}" width="${Math.max(2, to - from)}" height="${line - 7}" rx="2" fill="${colours[service] ?? '#666'}"${failed ? ' stroke="#d00" stroke-width="2"' : ''}/><text x="${Math.max(2, to - from) + from + 4}" y="${y + 13}" fill="#666">${took < 1 ? `${Math.round(took * 1000)} ms` : `${took.toFixed(1)} s`}</text>`;
}

function x(moment: number): number {
  return Math.round((labels + (moment - start) * scale) * 10) / 10;
}

function seconds(nanoseconds: bigint): number {
  return Number(nanoseconds / 1000n) / 1e6;
}
