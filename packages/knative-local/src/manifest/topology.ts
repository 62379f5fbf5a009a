import type { Filter } from './filters.ts';

/** What the manifests describe, checked and resolved: the only form in which the rest of the runtime knows it. */
export interface Topology {
  brokers: BrokerSpec[];
  triggers: TriggerSpec[];
  pings: PingSpec[];
  services: ServiceSpec[];
  /** The types of events that EventTypes declare; none where there is no catalogue. */
  eventTypes: string[];
}

export type Destination = { service: string } | { broker: string } | { url: string };

export interface DeliverySpec {
  /** How often a failed delivery is tried again. */
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
  /** Made for plain requests, and not for events. */
  http: boolean;
  revisions: RevisionSpec[];
  traffic: TrafficSpec[];
}

export interface TrafficSpec {
  revision: string;
  tag?: string;
  percent: number;
}

/** How the health of a process is asked after, as Kubernetes words it. Times in milliseconds. */
export interface ProbeSpec {
  path: string;
  period: number;
  timeout: number;
  /** As many failures in a row make a process unhealthy; one success makes it healthy again. */
  failureThreshold: number;
}

export interface RevisionSpec {
  name: string;
  service: string;
  /** The built function: where its package.json is. */
  folder: string;
  /** What follows `node`. */
  command: string[];
  /** Requests in flight; 0 means any number. */
  concurrency: number;
  readiness: ProbeSpec;
  /** Without one, a process that hangs is left alone, as in a cluster. */
  liveness?: ProbeSpec | undefined;
  /** What the manifests, and the operator in place of Secrets, give it. */
  environment: Record<string, string>;
}
