/** npm run takeovers -- [--takeovers 200] [--pairs 4] [--seed 1] [--skew 600] [--faketime /usr/lib/.../libfaketimeMT.so.1] */
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Figures } from './findings.ts';
import { runTakeovers } from './takeovers.ts';

const { values } = parseArgs({
  options: {
    takeovers: { type: 'string', default: '200' },
    /** Pairs of processes that run side by side, each with its own store. */
    pairs: { type: 'string', default: '4' },
    seed: { type: 'string', default: '1' },
    skew: { type: 'string', default: '600' },
    faketime: {
      type: 'string',
      default: `/usr/lib/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu/faketime/libfaketimeMT.so.1`,
    },
  },
});
if (!existsSync(values.faketime)) {
  console.error(
    `${values.faketime} is missing. Install libfaketime (apt-get install faketime), or name its library by --faketime.`,
  );
  process.exit(1);
}
const pairs = Number(values.pairs);
const findings = await Promise.all(
  Array.from({ length: pairs }, (_, index) =>
    runTakeovers({
      takeovers: Math.ceil(Number(values.takeovers) / pairs),
      seed: Number(values.seed) + index,
      skew: Number(values.skew),
      faketime: values.faketime,
      say: (line) => console.log(`pair ${index + 1}, ${line}`),
    }),
  ),
);
console.log(sumOf(findings.map(({ figures }) => figures)));
const faults = findings.flatMap(({ faults: found }) => found);
console.log(faults.length === 0 ? 'One holder and one mail each, except in the window that SMTP leaves.' : faults.join('\n'));
process.exitCode = faults.length === 0 ? 0 : 1;

function sumOf(all: Figures[]): Figures {
  const names = Object.keys(all[0]!) as (keyof Figures)[];
  return Object.fromEntries(
    names.map((name) => [name, all.reduce((sum, figures) => sum + figures[name], 0)]),
  ) as unknown as Figures;
}
