/** How a task ended, as reported by a worker. */
export type Reply<Result> =
  | { done: Result }
  | { rejected: string; status: number }
  | { unavailable: string }
  | { failed: string };
/** Everything a worker says: once, that it is ready; then for each task, that it wants to compute, that it has computed, and a reply. */
export type Said<Result> = 'ready' | { wants: number } | 'computed' | Reply<Result>;
/** Everything a worker is told. */
export type Told<Task> = { task: Task } | 'compute';
