/** Every limit of the local runtime, in one place. Times in milliseconds, sizes in bytes. */
export const limits = {
  /** Brokers on Kafka cap an event at 1 MiB: what is refused here would be refused there. */
  eventBytes: 1024 * 1024,
  /** The body of a request to the control plane: what a cluster's etcd would take. */
  requestBytes: 1024 * 1024,
  /** The same if it is YAML, since parsing hostile YAML takes time that grows with the square of its size. JSON is no burden. */
  yamlBytes: 32 * 1024,
  /** Operations of one JSON Patch, as on a cluster. */
  patchOperations: 10_000,
  /** What the control plane remembers of changes, for watches that resume and lists that go on: so many, which weigh no more than this. */
  changes: 2000,
  changeBytes: 32 * 1024 * 1024,
  /** Beyond this many waiting events or bytes, the broker asks publishers to come back later. */
  waitingEvents: 10_000,
  waitingBytes: 64 * 1024 * 1024,
  /** What the journal remembers: so many events, of which all together weigh no more than this. */
  journalEvents: 10_000,
  journalBytes: 32 * 1024 * 1024,
  /** What Knative's broker ingress allows for a whole request. */
  ingressTime: 10_000,
  /** If a delivery spec sets no timeout: Serving's default request timeout. */
  deliveryTime: 300_000,
  /** Requests in flight to a subscriber that is a plain URL, and so has no containerConcurrency. */
  urlConcurrency: 32,
  /** How long the rest of an upload that was answered early may take to drain. */
  lingerTime: 60_000,
  /** Between two looks at a process that is starting. */
  probeInterval: 20,
  /**
   * Probe settings for a manifest that gives only a path. Kubernetes' defaults, except for the timeout (1 s there): a process starved of
   * CPU answers late, and killing it would throw away its work.
   */
  probe: { period: 10_000, timeout: 10_000, failureThreshold: 3 },
  /** How long a process may take to become ready the first time. */
  startTime: 60_000,
  /** How long a port is waited for: the children of a predecessor that was killed take a moment to follow it. And between two tries. */
  portWait: 2000,
  portInterval: 50,
  /** A process that dies this many times without ever being ready is abandoned. */
  startAttempts: 3,
  /** The longest pause before a process is restarted. */
  restartPause: 10_000,
  /** A process that lived this long is not in a crash loop: its next restart is immediate. */
  steadyTime: 2_000,
  /** How long a request or delivery waits for a restarting process, as Knative's activator would hold it. */
  revisionWait: 10_000,
  /** Between two looks at how many replicas a revision needs, as in Knative. */
  scaleInterval: 2000,
  /** Of one revision, if its max-scale sets none: this is one machine. */
  replicas: 10,
  /** The same, whatever its annotations say. */
  mostReplicas: 50,
  /** How long a process may take to say what it has measured. */
  metricsTime: 2000,
  /** Between two times that it is asked: of one that is killed, no more is lost than it counted in between. */
  metricsInterval: 5000,
  /** What is kept for charts: an hour, the ten minutes before it that the longest window may need, and so many lines for each. */
  chartTime: 70 * 60_000,
  chartCourses: 100,
  /** How long work in flight may take to finish when the runtime stops. */
  drainTime: 10_000,
  /** What a process gets to shut down, even if requests in flight used up the rest. */
  leastDrainTime: 2000,
} as const;
