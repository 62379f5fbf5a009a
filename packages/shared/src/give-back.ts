import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { backgroundClock } from './clock.ts';

/** Milliseconds between two looks. */
const look = 60_000;
/** Of a processor, between two looks: below it, a process counts as idle. */
const idleShare = 0.02;
/** Milliseconds of processor time since memory was last given back: below it, there is hardly anything to give. */
const worthwhile = 50;

interface Options {
  clock?: typeof backgroundClock;
  /** Microseconds of processor time that this process has used. */
  used?: () => number;
  collect?: () => void;
}

/**
 * Gives memory back to the machine while this process is idle, for as long as it lives. V8 collects garbage when it needs room, and a process
 * without work needs none: what its last work has left, often more than it was, would stay until the next.
 */
export function giveBackWhenIdle({ clock = backgroundClock, used = processorTime, collect = collectAll }: Options = {}): void {
  void (async () => {
    let [before, collected] = [used(), 0];
    for (;;) {
      await clock.sleep(look);
      const now = used();
      const isIdle = now - before < look * 1000 * idleShare;
      if (isIdle && now - collected > worthwhile * 1000) {
        collect();
        collected = used();
      }
      before = used();
    }
  })();
}

function processorTime(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

let gc: ((options: { type: 'major'; flavor: 'last-resort' }) => void) | undefined;

/** Also what a cache could still use, and the room for what will be new. It takes some ten milliseconds. */
export function collectAll(): void {
  setFlagsFromString('--expose-gc');
  gc ??= runInNewContext('gc') as typeof gc;
  gc!({ type: 'major', flavor: 'last-resort' });
}
