import type { Cluster } from './cluster.ts';
import type { Site } from './http.ts';
import type { Inbox } from './inbox.ts';
import type { Settings } from './settings.ts';

/** What a row of the judgement works with. */
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
}

/** Part of the judgement: what it is called, and how it is tried. */
export interface Row {
  name: string;
  what: string;
  /** Why it cannot be tried here, where it cannot. */
  skipped?: (settings: Settings) => string | undefined;
  verify(bench: Bench): Promise<Verdict>;
}
