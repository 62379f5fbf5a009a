import type { Turn } from '../process/revision.ts';

/** Where a delivery goes. */
export interface Subscriber {
  /** Its name in the log. */
  name: string;
  /** What dead letters call it (`knativeerrordest`): its address in a cluster, since a local port says nothing. */
  url: string;
  /** What a request to it carries besides the event. */
  headers?: Record<string, string>;
  /** The right to send one request, in its turn. @throws NotUp where no process is up in time */
  turn(signal: AbortSignal): Promise<Turn>;
}
