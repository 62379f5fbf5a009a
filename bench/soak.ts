/**
 * Whether memory stays as it is over thousands of jobs: all of Darkroom, with photos that are as small as can be, eight at a time.
 * `node bench/soak.ts [--jobs 10000] [--every 500]`. Needs Linux (`/proc`).
 */
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import { openDarkroom } from '../packages/lab/test/pipeline/darkroom.ts';
import { openLab } from './pipeline/lab.ts';
import { machine } from './pipeline/machine.ts';
import { openMailSink } from './pipeline/mail-sink.ts';
import { count } from './pipeline/options.ts';
import { table } from './pipeline/table.ts';
import { steepness } from './scale/slope.ts';

const { values } = parseArgs({
  options: { jobs: { type: 'string', default: '10000' }, every: { type: 'string', default: '500' } },
});
const every = count(values.every);
const samples = count(String(count(values.jobs) / every));
const concurrency = 8;

const photo = await sharp({
  create: { width: 64, height: 64, channels: 3, background: 'black', noise: { type: 'gaussian', mean: 128, sigma: 30 } },
})
  .jpeg()
  .toBuffer();
const sink = await openMailSink();
const lab = openLab(await openDarkroom({ SMTP_URL: sink.url }));
const cleanUp = async () => {
  await lab.close();
  sink.close();
};
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void cleanUp().then(() => process.exit(1)));

try {
  console.log(`Before: ${machine()}; ${samples * every} jobs of one photo of ${photo.length} bytes, ${concurrency} at a time\n`);
  /** MiB by process, one for each sample; those of one name added up. */
  const memory = new Map<string, number[]>();
  const cpu: number[] = [];
  for (let sample = 1; sample <= samples; sample += 1) {
    const { seconds, cpuSeconds } = await lab.develop(Array<Buffer>(every).fill(photo), concurrency);
    cpu.push(([...cpuSeconds.values()].reduce((sum, value) => sum + value, 0) / every) * 1000);
    const resident = residentByName();
    // What has had nothing to do for a minute has no process.
    for (const name of new Set([...memory.keys(), ...resident.keys()]))
      memory.set(name, [...(memory.get(name) ?? Array<number>(sample - 1).fill(0)), resident.get(name) ?? 0]);
    const now = [...memory].map(([name, all]) => `${name} ${all.at(-1)!.toFixed(0)}`).join(', ');
    console.error(`${sample * every} jobs, ${(every / seconds).toFixed(1)} a second, ${cpu.at(-1)!.toFixed(0)} ms each: ${now}`);
  }
  console.log(report(memory, cpu));
  console.log(`\nAfter: ${machine()}; ${sink.accepted()} mails`);
} finally {
  await cleanUp();
}

function residentByName(): Map<string, number> {
  const sums = new Map<string, number>();
  for (const { name, resident } of lab.processes()) sums.set(name, (sums.get(name) ?? 0) + resident);
  return sums;
}

/** At a tenth, half and the end of all jobs, and how much a thousand more have added in the second half. */
function report(memory: ReadonlyMap<string, readonly number[]>, cpu: readonly number[]): string {
  const half = Math.floor(samples / 2);
  const jobs = Array.from({ length: samples }, (_, index) => (index + 1) * every);
  const shown = [Math.max(0, Math.round(samples / 10) - 1), half - 1, samples - 1];
  const rowOf = (name: string, all: readonly number[]) => [
    name,
    ...shown.map((index) => all[index]!.toFixed(0)),
    (1000 * steepness(jobs.slice(half), all.slice(half))).toFixed(2),
  ];
  const header = ['MiB after so many jobs', ...shown.map((index) => String(jobs[index])), 'per 1000 more'];
  return table(header, [...[...memory].map(([name, all]) => rowOf(name, all)), rowOf('processor time, ms for a job', cpu)]);
}
