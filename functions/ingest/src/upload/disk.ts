import { Busy } from '../http/busy.ts';

/** The bytes that all posts of this process together may hold on disk. */
export interface Disk {
  /** @throws Busy if there is no more room */
  take(bytes: number): void;
  give(bytes: number): void;
}

/** @param most bytes; 0 means any number */
export function openDisk(most: number): Disk {
  let used = 0;
  return {
    take(bytes) {
      if (most > 0 && used + bytes > most)
        throw new Busy(503, 'Too many photos are on their way at the moment. Nothing was kept; try again in a few seconds.', 10);
      used += bytes;
    },
    give(bytes) {
      used -= bytes;
    },
  };
}
