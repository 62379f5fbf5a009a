import { type DeadLetter, stagesFor, unknownStage } from '@darkroom/shared/job/dead-letter';
import { eventType } from '@darkroom/shared/events';
import { readJob } from '@darkroom/shared/job';
import { keys } from '@darkroom/shared/job/keys';
import { entriesOf, json, readJson, type Store } from '@darkroom/shared/store';

/** The events that exhausted their retries, as sweep keeps them. */
export interface KeptDeadLetters {
  all(): AsyncGenerator<{ name: string; deadLetter: DeadLetter }>;
  /**
   * Sends one again, and keeps it no longer.
   * @param publish gets the attributes of the event, which are its data as well
   * @returns false if there is none with that name
   */
  replay(name: string, publish: (event: Record<string, string>) => Promise<void>): Promise<boolean>;
}

export function keptDeadLetters(store: Store): KeptDeadLetters {
  async function read(key: string): Promise<DeadLetter | undefined> {
    return (await readJson(store, key)) as DeadLetter | undefined;
  }

  return {
    async *all() {
      for await (const { key } of store.list(keys.allDead)) {
        const deadLetter = await read(key);
        if (deadLetter) yield { name: nameOf(key), deadLetter };
      }
    },
    async replay(name, publish) {
      // Names come from people, and must not lead to other keys.
      if (!/^[\w-]+(\.[\w-]+)+$/.test(name)) return false;
      const key = `${keys.allDead}${name}.json`;
      const deadLetter = await read(key);
      if (!deadLetter) return false;
      await reopen(store, deadLetter);
      await publish(deadLetter.event);
      await store.remove(key);
      return true;
    },
  };
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
