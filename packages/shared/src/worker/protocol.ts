import type { Measurement } from '../metrics/registry.ts';

/** How a task ended, as reported by a worker. */
export type Reply<Result> =
  | { done: Result }
  | { rejected: string; status: number; reason: string }
  | { unavailable: string }
  | { failed: string };
/**
 * Everything a worker says: once, that it is ready; then for each task, that it wants to compute, that it has computed, and a reply; and at
 * any time, what it has measured.
 */
export type Said<Result> = 'ready' | { wants: number } | 'computed' | Reply<Result> | { measured: Measurement };
/** Everything a worker is told. */
export type Told<Task> = { task: Task } | 'compute';
