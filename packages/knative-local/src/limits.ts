/** Every bound of the local runtime, in one place. Times in milliseconds, sizes in bytes. */
export const limits = {
  /** Kafka-backed brokers cap an event at 1 MiB: what is refused here would be refused there. */
  eventBytes: 1024 * 1024,
  /** Beyond this many events or bytes in waiting, the broker asks publishers to come back later. */
  waitingEvents: 10_000,
  waitingBytes: 64 * 1024 * 1024,
  /** What Knative's broker ingress allows for a whole request. */
  ingressTime: 10_000,
  /** Where a delivery names no timeout: Serving's own request timeout. */
  deliveryTime: 300_000,
  /** Requests in flight to a subscriber that is a plain URL, and has no containerConcurrency to go by. */
  urlConcurrency: 32,
  /** How long the rest of an upload that was answered early may flow off. */
  lingerTime: 60_000,
  /** Between two looks at a process that is starting. */
  probeInterval: 20,
  /**
   * How health is asked after where a manifest says no more than where. Kubernetes' defaults, but for the time to answer (1 s there): a
   * process that gets no processor answers late, and ending it would take away what it had done.
   */
  probe: { period: 10_000, timeout: 10_000, failureThreshold: 3 },
  /** How long a process may take to become ready the first time. */
  startTime: 60_000,
  /** How long a port is waited for: the children of a predecessor that was killed take a moment to follow it. And between two tries. */
  portWait: 2000,
  portInterval: 50,
  /** A process that dies this often without ever being ready is given up. */
  startAttempts: 3,
  /** The longest pause before a process is started again. */
  restartPause: 10_000,
  /** A process that lived this long is no crash loop: its next restart is immediate. */
  steadyTime: 2_000,
  /** How long a request or delivery waits for a process that is restarting, as Knative's activator would hold it. */
  revisionWait: 10_000,
  /** How long work in flight may take to finish when the runtime stops. */
  drainTime: 10_000,
  /** What a process gets for its own goodbye, even where the requests in flight used up the rest. */
  leastDrainTime: 2000,
} as const;
