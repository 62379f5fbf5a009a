/**
 * node bench/traces.ts [--rounds 9] [--images 20]: what traces cost. Two labs, of which one sends its spans to a receiver in this process,
 * do the same work in turn, and a peer does it in the same round; then functions start with and without metrics and traces, in turn.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openDarkroom } from '../packages/lab/test/pipeline/darkroom.ts';
import { startOtlpReceiver } from '../packages/shared/test/support/otlp-receiver.ts';
import { openLab } from './pipeline/lab.ts';
import { machine } from './pipeline/machine.ts';
import { openMailSink } from './pipeline/mail-sink.ts';
import { count } from './pipeline/options.ts';
import { makePhotos } from './pipeline/photo.ts';
import { measureStarts, reportStarts } from './traces/starts.ts';
import { measureRounds, reportRounds } from './traces/rounds.ts';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '9' }, images: { type: 'string', default: '20' } },
});
const [rounds, images] = [count(values.rounds), count(values.images)];

await using ending = new AsyncDisposableStack();
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void ending.disposeAsync().then(() => process.exit(1)));
const folder = await mkdtemp(join(tmpdir(), 'bench-'));
ending.defer(() => rm(folder, { recursive: true, force: true }));
const receiver = await startOtlpReceiver();
ending.defer(() => receiver.close());
const sink = await openMailSink();
ending.defer(() => sink.close());
const tracing = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url };

console.log(`Before: ${machine()}; ${images} photos a batch, ${rounds} rounds\n`);
const paths = await makePhotos(folder, images);
const photos = await Promise.all(paths.map((path) => readFile(path)));
{
  await using labs = new AsyncDisposableStack();
  const open = async (environment: Record<string, string>) => {
    const lab = openLab(await openDarkroom({ SMTP_URL: sink.url, ...environment }));
    labs.defer(() => lab.close());
    return lab;
  };
  const work = await measureRounds({ off: await open({}), on: await open(tracing) }, photos, paths, rounds);
  console.log(`${reportRounds(work)}\n\n${receiver.spans.length} spans were received.\n`);
}
const starts = await measureStarts(folder, { without: {}, metrics: { METRICS_PORT: '0' }, traces: tracing }, rounds);
console.log(`${reportStarts(starts)}\n\nAfter: ${machine()}`);
