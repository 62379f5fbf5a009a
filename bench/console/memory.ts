import type { Darkroom } from '../../packages/lab/test/pipeline/darkroom.ts';
import { memoryOf } from '../pipeline/processes.ts';
import { spread } from '../pipeline/statistics.ts';
import { table } from '../pipeline/table.ts';
import type { Flood } from './flood.ts';
import type { Spectator } from './spectator.ts';

/** In MiB, from sample to sample. */
export interface Samples {
  /** Of the runtime's process. */
  resident: number[];
  /** Of the page. */
  heap: number[];
}

/** Three times what the journal remembers: after that it only replaces, and the heap has found its size. */
const filling = 30_000;
const samples = 60;

export async function measureMemory(
  darkroom: Darkroom,
  spectator: Pick<Spectator, 'heap'>,
  flood: Pick<Flood, 'send'>,
  events: number,
): Promise<Samples> {
  await flood.send(darkroom, filling);
  const taken: Samples = { resident: [], heap: [] };
  for (let sample = 0; sample < samples; sample += 1) {
    await flood.send(darkroom, Math.ceil(events / samples));
    taken.resident.push(memoryOf(darkroom.pid).resident);
    taken.heap.push(await spectator.heap());
  }
  return taken;
}

/** Flat memory is as large at the end as at the beginning. */
export function reportMemory({ resident, heap }: Samples, events: number): string {
  const row = (name: string, sizes: number[]) => {
    const third = Math.floor(sizes.length / 3);
    const [first, last] = [spread(sizes.slice(0, third)), spread(sizes.slice(-third))];
    const range = spread(sizes);
    return [
      name,
      first.median.toFixed(1),
      last.median.toFixed(1),
      (last.median / first.median).toFixed(3),
      `${range.least.toFixed(0)}..${range.most.toFixed(0)}`,
    ];
  };
  return table(
    [`MiB over ${events.toLocaleString('en')} events, console open`, 'first third', 'last third', 'last / first', 'min..max'],
    [row('runtime, RSS', resident), row('page, JS heap', heap)],
  );
}
