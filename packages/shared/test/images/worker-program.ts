/** A program whose workers misbehave as the photo says: its first pixel is a command. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Apply, developer } from '../../src/filter/develop.ts';
import { work } from '../../src/worker/worker.ts';
import { startWorker } from '../../src/worker/process.ts';
import { isWorker } from '../../src/worker/spawn.ts';
import { commands } from './commands.ts';

if (isWorker) {
  const obey: Apply = async ({ bitmap: { data } }) => {
    const command = data[0];
    if (command === commands.loop) for (;;);
    if (command === commands.sleep) await sleep(60_000);
    if (command === commands.crash) process.abort();
    if (command === commands.nap) await sleep(2000);
    if (command === commands.swell) for (const held = []; ; held.push(Buffer.alloc(1 << 24, 1))) await sleep(1);
    if (command === commands.fault) throw new Error('a fault of the filter');
    data.fill(0);
  };
  work(developer(obey), true);
} else {
  // As an employer: puts one worker into an endless loop, then waits for the command to die silently.
  const worker = startWorker();
  const [original, print] = process.argv.slice(2);
  void worker.run({ original: original!, print: print!, type: 'image/png' }, async () => undefined).catch(() => undefined);
  process.stdout.write('begun\n');
  setInterval(() => undefined, 1000);
}
