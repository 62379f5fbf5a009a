import type { Filter } from './filters.ts';

/** What the manifests describe, checked and resolved. The rest of the runtime knows nothing else. */
export interface Topology {
  brokers: BrokerSpec[];
  triggers: TriggerSpec[];
  pings: PingSpec[];
  services: ServiceSpec[];
  /** The event types that EventTypes declare; none without a catalogue. */
  eventTypes: string[];
}

export type Destination = { service: string } | { broker: string } | { url: string };

export interface DeliverySpec {
  /** How often a failed delivery is retried. */
  retry: number;
  backoffPolicy: 'linear' | 'exponential';
  /** Milliseconds. */
  backoffDelay: number;
  /** Milliseconds for one attempt. */
  timeout: number;
  deadLetterSink?: Destination;
}

export interface BrokerSpec {
  name: string;
  delivery: DeliverySpec;
}

export interface TriggerSpec {
  name: string;
  broker: string;
  /** Every one must match. */
  filters: Filter[];
  /** `spec.filter.attributes`, which `filters` overrides. */
  attributes: Record<string, string>;
  subscriber: Destination;
  delivery: DeliverySpec;
}

export interface PingSpec {
  name: string;
  schedule: string;
  timezone?: string;
  contentType: string;
  data: string;
  sink: Destination;
}

export interface ServiceSpec {
  name: string;
  /** Invoked by plain requests rather than events. */
  http: boolean;
  revisions: RevisionSpec[];
  traffic: TrafficSpec[];
}

export interface TrafficSpec {
  revision: string;
  tag?: string;
  percent: number;
}

/** How the health of a process is probed, in Kubernetes' terms. Times in milliseconds. */
export interface ProbeSpec {
  path: string;
  period: number;
  timeout: number;
  /** This many failures in a row make a process unhealthy; one success makes it healthy again. */
  failureThreshold: number;
}

/** How many replicas a revision has where it is scaled, by the requests that it has at a time. Times in milliseconds. */
export interface ScaleSpec {
  min: number;
  /** 0 means that only the machine limits it. */
  max: number;
  /** So many requests at a time are one replica's. */
  target: number;
  /** Requests at a time are averaged over this. */
  window: number;
  /** The last replica stays so much longer. */
  retention: number;
}

export interface RevisionSpec {
  name: string;
  service: string;
  /** The built function: the folder of its package.json. */
  folder: string;
  /** What follows `node`. */
  command: string[];
  /** The digest of that folder: another one means other code. */
  build: string;
  /** Requests in flight; 0 means any number. */
  concurrency: number;
  scale: ScaleSpec;
  readiness: ProbeSpec;
  /** Without one, a hanging process is left alone, as in a cluster. */
  liveness?: ProbeSpec | undefined;
  /** From the manifests, and from the operator in place of Secrets. */
  environment: Record<string, string>;
}
