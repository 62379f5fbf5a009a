import { Counter, Gauge } from 'prom-client';
import { registry } from './registry.ts';

/**
 * The two facts about a process that help an operator, under the names that all exporters have for them. The usual hundred about Node would be
 * a hundred series more for each pod that ever starts.
 */
export function measureProcess(): void {
  const memory = new Gauge({
    name: 'process_resident_memory_bytes',
    help: 'Resident memory',
    registers: [],
    collect() {
      this.set(process.memoryUsage.rss());
    },
  });
  let counted = 0;
  const processor = new Counter({
    name: 'process_cpu_seconds_total',
    help: 'Processor time of user and system',
    registers: [],
    collect() {
      const { user, system } = process.cpuUsage();
      const seconds = (user + system) / 1e6;
      this.inc(seconds - counted);
      counted = seconds;
    },
  });
  for (const metric of [memory, processor]) registry.registerMetric(metric);
}
