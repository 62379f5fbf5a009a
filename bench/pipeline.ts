import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDarkroom } from '../packages/lab/test/pipeline/darkroom.ts';
import { reportFirstEvents, reportMemory, reportStartup } from './pipeline/footprint-report.ts';
import { measureFirstEvents } from './pipeline/first-event.ts';
import { openFloor } from './pipeline/floor.ts';
import { openLab } from './pipeline/lab.ts';
import { machine } from './pipeline/machine.ts';
import { openMailSink } from './pipeline/mail-sink.ts';
import { readOptions } from './pipeline/options.ts';
import { makePhotos } from './pipeline/photo.ts';
import { measureStartup } from './pipeline/startup.ts';
import { reportFirst, reportProcessorTime, reportWork } from './pipeline/work-report.ts';
import { measureWork } from './pipeline/work.ts';

const { images, rounds } = readOptions();
const folder = await mkdtemp(join(tmpdir(), 'bench-'));
const sink = await openMailSink();
const floor = await openFloor(join(folder, 'floor'), sink.url);
const lab = openLab(await openDarkroom({ SMTP_URL: sink.url }));
const cleanUp = async () => {
  await Promise.all([lab.close(), floor.close()]);
  sink.close();
  await rm(folder, { recursive: true, force: true });
};
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void cleanUp().then(() => process.exit(1)));

try {
  console.log(`Before: ${machine()}; ${images} photos a batch, ${rounds} rounds\n`);
  const photos = await makePhotos(folder, images);
  const { first, trios } = await measureWork(lab, floor, photos, rounds);
  console.log(`${reportFirst(first)}\n`);
  console.log(`${reportWork(trios)}\n\n${reportProcessorTime(trios)}\n`);
  const processes = lab.processes();
  await Promise.all([lab.close(), floor.close()]);
  const startup = await measureStartup(folder);
  const firstEvents = await measureFirstEvents(folder, sink.url, photos);
  const peaks = trios.map(({ peer }) => peer.peak);
  console.log(
    `${reportStartup(startup)}\n\n${reportFirstEvents(firstEvents)}\n\n${reportMemory(processes, startup, peaks)}\n\nAfter: ${machine()}`,
  );
} finally {
  await cleanUp();
}
