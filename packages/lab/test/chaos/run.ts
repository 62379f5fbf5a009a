/** npm run chaos -- [--jobs 500] [--seed 1] [--drop 0.1] [--duplicate 0.1] [--delay 0.2] [--store-faults 0.05] [--busy-mail 0.1] ... with all that `defaults` below names. */
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runChaos } from './chaos.ts';
import { verdict } from './verdict.ts';

const defaults = {
  jobs: '500',
  seed: '1',
  drop: '0.1',
  duplicate: '0.1',
  delay: '0.2',
  'store-faults': '0.05',
  'busy-mail': '0.1',
  'unclear-mail': '0.02',
  deletions: '0.1',
  large: '0.05',
  'kill-every': '1',
  'freeze-every': '10',
  'full-every': '30',
  'sweep-every': '20',
  /** Two periods of sweep hold three looks at most. */
  looks: '3',
  /** Seconds for the whole run. */
  limit: '1800',
};
const options = Object.fromEntries(
  Object.entries(defaults).map(([name, value]) => [name, { type: 'string' as const, default: value }]),
);
const { values } = parseArgs({ options });
const number = (name: keyof typeof defaults) => Number(values[name]);

async function saveLog(log: string): Promise<string> {
  const file = join(tmpdir(), 'darkroom-chaos.log');
  await writeFile(file, log);
  return file;
}

const { log: output, ...books } = await runChaos({
  jobs: number('jobs'),
  seed: number('seed'),
  drop: number('drop'),
  duplicate: number('duplicate'),
  delay: number('delay'),
  storeFaults: number('store-faults'),
  busyMail: number('busy-mail'),
  unclearMail: number('unclear-mail'),
  deletions: number('deletions'),
  large: number('large'),
  killEvery: number('kill-every'),
  freezeEvery: number('freeze-every'),
  fullEvery: number('full-every'),
  sweepEvery: number('sweep-every'),
  limit: number('limit'),
  say: (line) => console.log(line),
});
console.log(books);
const faults = verdict(books, number('looks'));
if (faults.length > 0) console.log(`The log of the run: ${await saveLog(output)}`);
console.log(faults.length === 0 ? 'The books balance.' : `The books do not balance: ${faults.join('; ')}.`);
process.exitCode = faults.length === 0 ? 0 : 1;
