import type { FirstEvent } from './first-event.ts';
import type { Process } from './processes.ts';
import { bare, type Start, type Startup } from './startup.ts';
import { spread } from './statistics.ts';
import { table } from './table.ts';

/** From spawn until ready, compared with a bare server of the same round. */
export function reportStartup({ cold, warm }: Startup): string {
  const rows = [...cold.keys()].map((name) => [
    name,
    ...(['used', 'passed'] as const).flatMap((what) => [cold, warm].flatMap((starts) => columns(starts, name, what))),
  ]);
  const head = ['CPU ms', 'CPU ms, cached', 'ms', 'ms, cached'].flatMap((figure) => [figure, '/ bare', 'min..max']);
  return table(['start to ready', ...head], rows);
}

function columns(starts: Map<string, Start[]>, name: string, what: keyof Start): string[] {
  const [own, others] = [name, bare].map((each) => (starts.get(each) ?? []).map((start) => start[what]));
  const ratio = spread(own!.map((value, round) => value / (others![round] ?? NaN)));
  return [spread(own!).median.toFixed(0), ratio.median.toFixed(2), `${ratio.least.toFixed(2)}..${ratio.most.toFixed(2)}`];
}

/** The first event, compared with those after it. */
export function reportFirstEvents(measured: Map<string, FirstEvent[]>): string {
  const rows = [...measured].map(([name, events]) => {
    const ratio = spread(events.map(({ first, later }) => first / later));
    const medians = (['first', 'later'] as const).map((what) => spread(events.map((event) => event[what])).median.toFixed(0));
    return [name, ...medians, ratio.median.toFixed(2), `${ratio.least.toFixed(2)}..${ratio.most.toFixed(2)}`];
  });
  return table(['first event after a start', 'ms', 'later ones', 'first / later', 'min..max'], rows);
}

/** Memory after all the work, compared with a bare server. */
export function reportMemory(processes: readonly Process[], { bareMemory }: Startup, peerPeaks: readonly number[]): string {
  const unit = spread(bareMemory).median;
  const row = (name: string, resident: number | undefined, peak: number | undefined) => [
    name,
    ...[resident, peak].flatMap((size) => (size === undefined ? ['', ''] : [size.toFixed(0), (size / unit).toFixed(1)])),
  ];
  const total = (part: 'resident' | 'peak') => processes.reduce((sum, process) => sum + process[part], 0);
  return table(
    ['memory', 'RSS, MiB', '/ bare', 'peak, MiB', '/ bare'],
    [
      row(bare, unit, undefined),
      ...byName(processes).map(({ name, resident, peak }) => row(name, resident, peak)),
      row('all of the lab', total('resident'), total('peak')),
      row('peer (sharp in one process)', undefined, spread(peerPeaks).median),
    ],
  );
}

/** A function may have helper processes: one row for all of them. */
function byName(processes: readonly Process[]): Process[] {
  const groups = Map.groupBy(processes, ({ name }) => name);
  return [...groups].map(([name, group]) => {
    const sum = (part: 'cpuSeconds' | 'resident' | 'peak') => group.reduce((total, process) => total + process[part], 0);
    return {
      name: group.length === 1 ? name : `${name}, ${group.length} processes`,
      cpuSeconds: sum('cpuSeconds'),
      resident: sum('resident'),
      peak: sum('peak'),
    };
  });
}
