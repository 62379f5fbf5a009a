import { rm, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Darkroom } from '../pipeline/darkroom.ts';
import { childrenOf } from './processes.ts';

/** What happens to the machine while jobs run: processes are killed or suspended, and the disk fills up for a while. */
export interface Outages {
  readonly counts: Record<'kills' | 'freezes' | 'fullDisks', number>;
  stop(): Promise<void>;
}

/** Seconds between two of a kind. */
export interface Intervals {
  killEvery: number;
  freezeEvery: number;
  fullEvery: number;
}

/** Milliseconds. A process suspended for longer than the broker's timeout would be as good as killed. */
const longestFreeze = 8000;
const fullTime = 2000;

export function openOutages(darkroom: Darkroom, { killEvery, freezeEvery, fullEvery }: Intervals, random: () => number): Outages {
  const stopping = new AbortController();
  const counts = { kills: 0, freezes: 0, fullDisks: 0 };
  const full = `${darkroom.chaosSwitch}.full`;

  function signal(pid: number, name: NodeJS.Signals): void {
    try {
      process.kill(pid, name);
    } catch {
      // It has gone meanwhile.
    }
  }

  function victim(): number | undefined {
    const victims = childrenOf(darkroom.pid, 'inbox-program');
    return victims[Math.floor(random() * victims.length)];
  }

  async function every(seconds: number, act: () => Promise<void> | void): Promise<void> {
    if (seconds <= 0) return;
    const pause = () => sleep(seconds * 1000, true, { signal: stopping.signal }).catch(() => false);
    while (await pause()) await act();
  }

  const acting = Promise.all([
    every(killEvery, () => {
      const pid = victim();
      if (pid === undefined) return;
      counts.kills += 1;
      signal(pid, 'SIGKILL');
    }),
    every(freezeEvery, async () => {
      const pid = victim();
      if (pid === undefined) return;
      counts.freezes += 1;
      signal(pid, 'SIGSTOP');
      await sleep(random() * longestFreeze, undefined, { signal: stopping.signal }).catch(() => undefined);
      signal(pid, 'SIGCONT');
    }),
    every(fullEvery, async () => {
      counts.fullDisks += 1;
      await writeFile(full, '');
      await sleep(fullTime, undefined, { signal: stopping.signal }).catch(() => undefined);
      await rm(full);
    }),
  ]);
  return {
    counts,
    async stop() {
      stopping.abort();
      await acting;
    },
  };
}
