import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Batch } from './batch.ts';

export interface Assignment {
  /** Paths. */
  photos: string[];
  concurrency: number;
}

export interface PeerBatch extends Batch {
  /** The most resident memory that it ever had, in MiB. */
  peak: number;
}

/** Does the same work on the same photos, in one fresh process with nothing but sharp. */
export async function runPeer(assignment: Assignment): Promise<PeerBatch> {
  const child = fork(join(import.meta.dirname, 'peer-process.ts'), { serialization: 'advanced' });
  const failed = once(child, 'exit').then(([code]) => {
    throw new Error(`The peer ended with ${String(code)}`);
  });
  child.send(assignment);
  const [batch] = (await Promise.race([once(child, 'message'), failed])) as [PeerBatch];
  child.disconnect();
  // It ends by itself now. Wait for that, so that it takes nothing from whatever is measured next.
  await failed.catch(() => undefined);
  return batch;
}
