/**
 * What an open console costs: jobs and events with its page open in a real Chromium, and closed, in turn; then whether memory stays flat
 * while events flood past it.
 */
import { parseArgs } from 'node:util';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDarkroom } from '../packages/lab/test/pipeline/darkroom.ts';
import { openFlood } from './console/flood.ts';
import { costTable, measureCosts, reportCosts } from './console/cost.ts';
import { measureMemory, reportMemory } from './console/memory.ts';
import { openSpectator } from './console/spectator.ts';
import { openLab } from './pipeline/lab.ts';
import { machine } from './pipeline/machine.ts';
import { count } from './pipeline/options.ts';
import { makePhotos } from './pipeline/photo.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '9' },
    images: { type: 'string', default: '20' },
    events: { type: 'string', default: '5000' },
    flood: { type: 'string', default: '100000' },
  },
});
const [rounds, images, events, flooding] = [values.rounds, values.images, values.events, values.flood].map(count) as [
  number,
  number,
  number,
  number,
];

await using ending = new AsyncDisposableStack();
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void ending.disposeAsync().then(() => process.exit(1)));
const folder = await mkdtemp(join(tmpdir(), 'bench-'));
ending.defer(() => rm(folder, { recursive: true, force: true }));
const photos = await Promise.all((await makePhotos(folder, images)).map((path) => readFile(path)));
const flood = await openFlood();
ending.defer(flood.close);
const darkroom = await openDarkroom({}, { prepare: flood.addTrigger });
const lab = openLab(darkroom);
ending.defer(lab.close);
const spectator = await openSpectator(darkroom.consoleUrl);
ending.defer(spectator.close);

console.log(`Before: ${machine()}; ${rounds} rounds of ${images} photos and ${events} events\n`);
await lab.develop(photos.slice(0, 8), 4);
await flood.send(darkroom, events);
const processorTime = async () => ({
  runtime: lab.processes().find(({ name }) => name === 'runtime')!.cpuSeconds,
  browser: await spectator.processorTime(),
});
const common = { rounds, spectator, processorTime };
const developed = await measureCosts({ ...common, size: images, work: async () => (await lab.develop(photos, 8)).seconds });
const passed = await measureCosts({ ...common, size: events, work: () => flood.send(darkroom, events) });
console.log(`${costTable([...reportCosts('job', developed, images), ...reportCosts('event', passed, events)])}\n`);
await spectator.look();
console.log(`${reportMemory(await measureMemory(darkroom, spectator, flood, flooding), flooding)}\n\nAfter: ${machine()}`);
