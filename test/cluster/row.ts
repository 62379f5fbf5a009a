import type { Cluster } from './cluster.ts';
import type { Site } from './http.ts';
import type { Inbox } from './inbox.ts';
import type { Settings } from './settings.ts';

/** What a row of the verification works with. */
export interface Bench {
  cluster: Cluster;
  /** ingest, as a person reaches it. */
  site: Site;
  inbox: Inbox;
  settings: Settings;
  say: (line: string) => void;
}

export interface Verdict {
  /** What was seen, in a line. */
  seen: string;
  /** What fell short; empty where all is well. */
  faults: string[];
  /** What was measured, as lines of Markdown. */
  details?: string[];
}

/** A part of the verification: what it is called, and how it is tried. */
export interface Row {
  name: string;
  what: string;
  /** Why it cannot be tried here, if it cannot. */
  skipped?: (settings: Settings) => string | undefined;
  verify(bench: Bench): Promise<Verdict>;
}
