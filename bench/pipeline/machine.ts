import { availableParallelism, cpus, loadavg } from 'node:os';

/** What the figures depend on, in one line. */
export function machine(): string {
  const load = loadavg()
    .map((value) => value.toFixed(1))
    .join(' ');
  return `${availableParallelism()} cores, ${cpus()[0]?.model ?? 'unknown'}, ${process.platform} ${process.arch}, Node ${process.version}, load ${load}`;
}
