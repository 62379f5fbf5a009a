import { bare, environmentIn, programsIn, type Start, start } from '../pipeline/startup.ts';
import { spread } from '../pipeline/statistics.ts';
import { table } from '../pipeline/table.ts';

type Variant = 'without' | 'metrics' | 'traces';
type Starts = Map<string, Record<Variant, Start>[]>;

/** Each program in each variant, round by round, so that whatever else the machine does falls on all of them. */
export async function measureStarts(
  folder: string,
  variants: Record<Variant, Record<string, string>>,
  rounds: number,
): Promise<Starts> {
  const programs = await programsIn(folder);
  const environment = environmentIn(folder);
  const starts: Starts = new Map([...programs.keys()].map((name) => [name, []]));
  const entries = Object.entries(variants) as [Variant, Record<string, string>][];
  for (let round = 0; round < rounds; round += 1)
    for (const [name, program] of programs) {
      const once: Partial<Record<Variant, Start>> = {};
      for (const [variant, more] of round % 2 === 0 ? entries : entries.toReversed())
        once[variant] = await start(program, { ...environment, ...more });
      starts.get(name)!.push(once as Record<Variant, Start>);
    }
  return starts;
}

/** Medians, and the ratios to a start without either and to a bare server of the same round. */
export function reportStarts(starts: Starts): string {
  const bareRounds = starts.get(bare)!;
  const columns = (own: Record<Variant, Start>[], what: keyof Start) => {
    const of = (variant: Variant) => own.map((round) => round[variant][what]);
    const ratio = (variant: Variant) => {
      const { median, least, most } = spread(of(variant).map((value, round) => value / own[round]!.without[what]));
      return [median.toFixed(2), `${least.toFixed(2)}..${most.toFixed(2)}`];
    };
    const toBare = spread(of('traces').map((value, round) => value / bareRounds[round]!.without[what]));
    return [
      ...(['without', 'metrics', 'traces'] as const).map((variant) => spread(of(variant)).median.toFixed(0)),
      ...ratio('metrics'),
      ...ratio('traces'),
      toBare.median.toFixed(2),
    ];
  };
  const rows = [...starts].flatMap(([name, own]) =>
    (['used', 'passed'] as const).map((what) => [`${name}, ${what === 'used' ? 'CPU ms' : 'ms'}`, ...columns(own, what)]),
  );
  return table(
    [
      'start to ready',
      'without',
      'metrics',
      'traces',
      'metrics / without',
      'min..max',
      'traces / without',
      'min..max',
      'traces / bare',
    ],
    rows,
  );
}
