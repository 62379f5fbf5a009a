import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDarkroom } from '../packages/lab/test/pipeline/darkroom.ts';
import { reportMemory, reportStartup } from './pipeline/footprint-report.ts';
import { openLab } from './pipeline/lab.ts';
import { machine } from './pipeline/machine.ts';
import { readOptions } from './pipeline/options.ts';
import { makePhotos } from './pipeline/photo.ts';
import { measureStartup } from './pipeline/startup.ts';
import { reportProcessorTime, reportWork } from './pipeline/work-report.ts';
import { measureWork } from './pipeline/work.ts';

const { images, rounds } = readOptions();
const folder = await mkdtemp(join(tmpdir(), 'bench-'));
const lab = openLab(await openDarkroom());
const cleanUp = async () => {
  await lab.close();
  await rm(folder, { recursive: true, force: true });
};
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void cleanUp().then(() => process.exit(1)));

try {
  console.log(`Before: ${machine()}; ${images} photos a batch, ${rounds} rounds\n`);
  const photos = await makePhotos(folder, images);
  const pairs = await measureWork(lab, photos, rounds);
  console.log(`${reportWork(pairs)}\n\n${reportProcessorTime(pairs)}\n`);
  const processes = lab.processes();
  await lab.close();
  const startup = await measureStartup(folder);
  const peaks = pairs.map(({ peer }) => peer.peak);
  console.log(`${reportStartup(startup)}\n\n${reportMemory(processes, startup, peaks)}\n\nAfter: ${machine()}`);
} finally {
  await cleanUp();
}
