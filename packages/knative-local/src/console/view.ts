/** What the page is told. Times are milliseconds since 1970. */
export interface TopologyView {
  /** The attribute that events of one chain share, if the project names one. */
  correlation?: string;
  brokers: string[];
  pings: { name: string; schedule: string; sink: TargetView }[];
  triggers: TriggerView[];
  services: ServiceView[];
}

/** Where events go: a Service or a Broker by its name, or a URL. */
export interface TargetView {
  kind: 'service' | 'broker' | 'url';
  name: string;
}

export interface TriggerView {
  name: string;
  broker: string;
  /** In words: "type = greeting, lang starts with e". */
  filter: string;
  subscriber: TargetView;
  deadLetterSink?: TargetView;
}

export interface ServiceView {
  name: string;
  /** The address of the one that is open to people. */
  url?: string;
  revisions: { name: string; percent: number; tags: string[]; processes: ProcessView[] }[];
}

export interface ProcessView {
  id: string;
  /** As in the log. */
  name: string;
  /** Absent between two lives. */
  pid?: number;
  ready: boolean;
  /** It only finishes its requests. */
  leaving: boolean;
  since: number;
  restarts: number;
  lastEnd?: string;
  /** Bytes of resident memory; absent if it cannot be told. */
  memory?: number;
}

/** The data of an event, as far as it can be shown. */
export interface DataView {
  /** Absent if it is not text. */
  text?: string;
  bytes: number;
  /** There is more of it. */
  cut: boolean;
}

/** An event that the project keeps because nobody could take it. */
export interface DeadLetterView {
  /** By which it is replayed. */
  name: string;
  type: string;
  /** Who could not take it. */
  subscriber: string;
  reason: string;
  at: number;
  correlation?: string;
}
