import { unlinkSync } from 'node:fs';
import { readdir, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, join } from 'node:path';
import type { Clock } from '../clock.ts';

/** Half-written files wait here. Keys never start with a dot, so none can collide with it. */
const folderName = '.tmp';
/** Milliseconds. Writing a draft takes minutes at most: an older one belonged to a process that was killed, on whatever machine. */
const draftLifetime = 60 * 60 * 1000;
/** Milliseconds between two clean-ups. */
const clearEvery = 10 * 1000;
/** Milliseconds until a draft that the disk would not let go of is removed again. */
const retryAfter = 2000;
/** Drafts carry the name of their process, so that the next one on the same machine can remove them without waiting that long. */
const owner = `${hostname().replace(/\W/g, '-')}.${process.pid}.`;

export interface Drafts {
  /** A path for a new draft. */
  begin(): string;
  /** Removes a draft; again and again, if the disk refuses. */
  end(draft: string): void;
  /** Removes what killed processes, and disks that refused, left behind, at most every ten seconds. Never throws: others will try again. */
  clear(): Promise<void>;
}

/** Those that this process is writing, by name: all its stores share them. */
const underWay = new Set<string>();

/** @param clock one that keeps no process from ending: the next process removes what is left */
export function openDrafts(root: string, clock: Clock): Drafts {
  const folder = join(root, folderName);
  let cleared = false;

  function end(draft: string): void {
    underWay.delete(basename(draft));
    try {
      unlinkSync(draft);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') void clock.sleep(retryAfter).then(() => end(draft));
    }
  }

  return {
    begin() {
      const name = owner + uniqueName();
      underWay.add(name);
      return join(folder, name);
    },
    end,
    async clear() {
      if (cleared) return;
      cleared = true;
      void clock.sleep(clearEvery).then(() => (cleared = false));
      await removeLeftovers(folder, clock.now()).catch(() => undefined);
    },
  };
}

async function removeLeftovers(folder: string, now: number): Promise<void> {
  for (const name of await readdir(folder)) {
    const found = await stat(join(folder, name)).catch(() => undefined);
    if (found && (isOrphan(name) || found.mtimeMs < now - draftLifetime)) await rm(join(folder, name), { force: true });
  }
}

/** No secret, so crypto need not be loaded for it; and should two ever be equal, the second draft is refused rather than mixed with the first. */
function uniqueName(): string {
  return [process.hrtime.bigint(), Math.floor(Math.random() * 2 ** 52)].map((part) => part.toString(36)).join('-');
}

function isOrphan(draft: string): boolean {
  const [host, pid] = draft.split('.');
  if (host !== owner.split('.')[0]) return false;
  if (Number(pid) === process.pid) return !underWay.has(draft);
  try {
    return !process.kill(Number(pid), 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}
