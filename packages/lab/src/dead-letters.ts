/**
 * npm run dead-letters                   lists the events that exhausted their retries
 * npm run dead-letters -- replay NAME... sends them again ("all" for every one)
 *
 * Uses the runtime on DATA_DIR, or the store and broker named by STORE_URL and K_SINK.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { explain } from '@darkroom/shared/errors';
import { publish } from '@darkroom/shared/stage/publish';
import type { Store } from '@darkroom/shared/store';
import { openStore } from '@darkroom/shared/store/open';
import { CloudEvent } from 'cloudevents';
import { keptDeadLetters, type KeptDeadLetters } from './kept-dead-letters.ts';
import { readSettings } from './settings.ts';

try {
  const { store, sink } = await surroundings();
  const [command = 'list', ...names] = process.argv.slice(2);
  const kept = keptDeadLetters(store);
  if (command === 'list') await list(kept);
  else if (command === 'replay' && names.length > 0) await replay(kept, sink, names);
  else throw new Error('Usage: npm run dead-letters [-- list | replay NAME... | replay all]');
} catch (error) {
  console.error(explain(error));
  process.exitCode = 1;
}

async function surroundings(): Promise<{ store: Store; sink: string }> {
  const { STORE_URL, K_SINK } = process.env;
  if (STORE_URL && K_SINK) return { store: openStore(STORE_URL), sink: K_SINK };
  const { DATA_DIR } = readSettings();
  const text = await readFile(join(DATA_DIR, 'runtime.json'), 'utf8').catch((cause: unknown) => {
    throw new Error(`No Darkroom runs on ${DATA_DIR}. Start it, or set STORE_URL and K_SINK.`, { cause });
  });
  const { brokerUrl, token } = JSON.parse(text) as { brokerUrl: string; token: string };
  process.env['EVENT_TOKEN'] ??= token;
  return { store: openStore(STORE_URL ?? pathToFileURL(join(DATA_DIR, 'store')).href), sink: K_SINK ?? brokerUrl };
}

async function list(kept: KeptDeadLetters): Promise<void> {
  let total = 0;
  for await (const { name, deadLetter } of kept.all()) {
    total += 1;
    const { event, stage, code = '-', reason = '', at, count } = deadLetter;
    console.log(
      `${name}\n  ${event['type']} to ${stage}, ${count} times, last ${at}: ${code} ${JSON.stringify(reason.slice(0, 200))}`,
    );
  }
  console.log(
    total === 0
      ? 'There are no dead letters.'
      : `${total} dead letters. Send again: npm run dead-letters -- replay NAME... (or: all)`,
  );
}

async function replay(kept: KeptDeadLetters, sink: string, names: string[]): Promise<void> {
  let count = 0;
  for await (const { name } of kept.all()) {
    if (!names.includes('all') && !names.includes(name)) continue;
    const send = (event: Record<string, string>) =>
      publish(sink, new CloudEvent({ ...event, datacontenttype: 'application/json', data: event }));
    if (!(await kept.replay(name, send))) continue;
    count += 1;
    console.log(`${name} was sent again.`);
  }
  if (count === 0) throw new Error('There is no dead letter with that name. `npm run dead-letters` lists them.');
}
