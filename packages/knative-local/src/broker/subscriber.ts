import type { Turn } from '../process/revision.ts';

/** The target of a delivery. */
export interface Subscriber {
  /** Its name in the log. */
  name: string;
  /** Its name in dead letters (`knativeerrordest`): its address in a cluster, since a local port would mean nothing. */
  url: string;
  /** What a request to it carries besides the event. */
  headers?: Record<string, string>;
  /** Waits for a turn: the right to send one request. @throws NotUp if no process is up in time */
  turn(signal: AbortSignal): Promise<Turn>;
}
