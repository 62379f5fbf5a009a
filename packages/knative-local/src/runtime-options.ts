import type { Subscriber } from './broker/subscriber.ts';
import type { Clock } from './clock.ts';
import type { DeadLetters } from './console/dead-letters.ts';
import type { Log } from './log.ts';
import type { ManifestSources } from './manifest/read.ts';
import type { Topology } from './manifest/topology.ts';
import type { Plan } from './process/supervisor.ts';
import type { Sources } from './project.ts';

/** What a runtime is told. */
export interface RuntimeOptions extends ManifestSources {
  /** The public address. Port 0 means any free one. */
  host: string;
  port: number;
  /** Where kubectl and kn find their kubeconfig, and where is kept what they say. Without a folder there is no API for them, and no console. */
  data?: string;
  /** The command that chooses another port, for the operator. */
  anotherPort: (port: number) => string;
  /** The service behind the public address; by default, the only function invoked by HTTP. */
  service?: string | undefined;
  /** Revisions have as many processes as their requests need; otherwise, at most one. */
  scaleOut?: boolean;
  /** What a person reads while that service cannot be reached. */
  unavailable: string;
  /** Public DNS names of the public address. While it listens only on this machine, no others are accepted. */
  names?: string[];
  /** A secret that Brokers show to functions, and that publishers must show: `Authorization: Bearer <token>`. */
  token?: string;
  /** Checks the wiring beyond what manifests can express: faults keep it from taking effect, warnings are logged. */
  inspect?: (topology: Topology) => { faults: string[]; warnings: string[] };
  /** The environment that every function gets, whatever its manifest says. */
  environment: (addresses: Addresses) => Record<string, string>;
  /** Processes that functions rely on: ready before the runtime is, unless dispensable, and stopped after the last function. */
  companions?: Plan[];
  /** Turns a PingSource's data into what it sends when the runtime starts. */
  firstPing?: (data: string) => string;
  /** What functions are built from: a change in one of these folders, or in one within it, builds what is out of date. */
  sources?: Sources;
  /** Serves what all processes and the runtime itself measure, at /metrics on loopback. Without it, nothing is measured. */
  metrics?: MetricsOptions;
  /** A file that says what the console draws of that: `Charts`, as JSON. */
  charts?: string | undefined;
  /** The attribute that events of one chain share, for the console. */
  correlation?: string | undefined;
  /** Those that the project keeps, for the console. */
  deadLetters?: DeadLetters;
  /** Comes between broker and subscriber, to test failures. */
  intercept?: (subscriber: Subscriber) => Subscriber;
  log: Log;
  clock?: Clock;
}

export interface MetricsOptions {
  /** 0 means any free one. */
  port: number;
  /** The command that chooses another port, for the operator. */
  anotherPort: (port: number) => string;
  /** The variable that tells a function on which port to serve /metrics; otherwise, it does so on the port of its requests. */
  variable?: string;
}

export interface Addresses {
  /** The public address: its port, and the service behind it. */
  port: number;
  service: string;
  /** Where functions publish: the Broker "default", or else the first. */
  brokerUrl: string;
}

export interface Started extends Addresses {
  /** How traffic is split, and how many Triggers there are, in words. */
  traffic: string;
  /** For kubectl and kn, if they have an API. */
  kubeconfig?: string;
  /** Where /metrics is, if it is served. */
  metricsUrl?: string;
  /** Of the console, if there is one; with the token that opens it. */
  consoleUrl?: string;
}
