import type { Topology } from '../manifest/topology.ts';
import type { Revision } from '../process/revision.ts';
import type { Decision } from './decision.ts';
import type { Pods } from './pods.ts';

/** What the state of objects follows from. */
export interface Situation {
  decisions: ReadonlyMap<string, Decision>;
  /** What is in effect. */
  topology: Topology;
  /** Those that have a process. */
  revisions: Iterable<Revision>;
  pods: Pods;
  /** Where a service answers, with a tag or without. */
  urlOf: (service: string, tag?: string) => string;
  brokerUrlOf: (broker: string) => string;
  namespace: string;
  /** When the runtime began, in milliseconds since 1970. */
  begun: number;
}
