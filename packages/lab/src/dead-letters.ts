/**
 * npm run dead-letters                   lists the events that exhausted their retries
 * npm run dead-letters -- replay NAME... sends them again ("all" for every one)
 *
 * Uses the runtime on DATA_DIR, or the store and broker named by STORE_URL and K_SINK.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type DeadLetter, stagesFor, unknownStage } from '@darkroom/shared/job/dead-letter';
import { explain } from '@darkroom/shared/errors';
import { eventType } from '@darkroom/shared/events';
import { readJob } from '@darkroom/shared/job';
import { keys } from '@darkroom/shared/job/keys';
import { publish } from '@darkroom/shared/stage/publish';
import { entriesOf, json, readJson, type Store } from '@darkroom/shared/store';
import { openStore } from '@darkroom/shared/store/open';
import { CloudEvent } from 'cloudevents';
import { readSettings } from './settings.ts';

try {
  const { store, sink } = await surroundings();
  const [command = 'list', ...names] = process.argv.slice(2);
  if (command === 'list') await list(store);
  else if (command === 'replay' && names.length > 0) await replay(store, sink, names);
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

async function list(store: Store): Promise<void> {
  let count = 0;
  for await (const { key } of store.list(keys.allDead)) {
    const deadLetter = (await readJson(store, key)) as DeadLetter | undefined;
    if (!deadLetter) continue;
    count += 1;
    const { event, stage, code = '-', reason = '', at } = deadLetter;
    console.log(
      `${nameOf(key)}\n  ${event['type']} to ${stage}, ${deadLetter.count} times, last ${at}: ${code} ${JSON.stringify(reason.slice(0, 200))}`,
    );
  }
  console.log(
    count === 0
      ? 'There are no dead letters.'
      : `${count} dead letters. Send again: npm run dead-letters -- replay NAME... (or: all)`,
  );
}

async function replay(store: Store, sink: string, names: string[]): Promise<void> {
  let count = 0;
  for await (const { key } of store.list(keys.allDead)) {
    if (!names.includes('all') && !names.includes(nameOf(key))) continue;
    const deadLetter = (await readJson(store, key)) as DeadLetter | undefined;
    if (!deadLetter) continue;
    await reopen(store, deadLetter);
    await publish(sink, new CloudEvent({ ...deadLetter.event, datacontenttype: 'application/json', data: deadLetter.event }));
    await store.remove(key);
    count += 1;
    console.log(`${nameOf(key)} was sent again.`);
  }
  if (count === 0) throw new Error('There is no dead letter with that name. `npm run dead-letters` lists them.');
}

/** A print that was given up is wanted after all: what was made without it goes, and the person gets a second, complete mail. */
async function reopen(store: Store, { event, stage }: DeadLetter): Promise<void> {
  const { type, job: id, image } = event;
  if (type !== eventType.imageUploaded || !id || !image) return;
  const job = await readJob(store, id);
  if (!job) return;
  const stages = stage === unknownStage ? stagesFor(job, event) : [stage];
  const present = await entriesOf(store, keys.folder(id));
  const rejections = stages.map((name) => keys.rejection(id, image, name)).filter((key) => present.has(key));
  if (rejections.length === 0) return;
  await store.write(keys.open(id), json({ reopened: new Date().toISOString() }));
  for (const key of [...rejections, keys.archive(id), keys.archiveRejection(id), keys.completed(id)]) await store.remove(key);
}

function nameOf(key: string): string {
  return key.slice(keys.allDead.length).replace(/\.json$/, '');
}
