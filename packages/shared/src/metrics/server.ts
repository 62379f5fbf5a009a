import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as v from 'valibot';
import { type Clock, systemClock } from '../clock.ts';
import { integer, readConfig } from '../config.ts';
import { measureProcess } from './process.ts';
import { registry } from './registry.ts';

const settings = {
  /** The port of /metrics for Prometheus; off if absent. 0 means any free port. */
  METRICS_PORT: v.optional(integer(0, 65_535)),
  /** Seconds that a process which is told to stop waits for its last values to be read. */
  METRICS_LINGER: v.optional(integer(0, 300), '0'),
};

/** /metrics on a port of its own, which the public does not reach. */
export interface MetricsServer {
  port: number;
  /**
   * Resolves once somebody has read what is measured by now: with the process it would be lost, and pods of a function that scales to zero
   * may live for less than a minute. Waits METRICS_LINGER at most.
   */
  lastRead(): Promise<void>;
}

/** @returns undefined if METRICS_PORT is not set */
export async function serveMetrics(environment = process.env, clock: Clock = systemClock): Promise<MetricsServer | undefined> {
  const { METRICS_PORT, METRICS_LINGER } = readConfig(settings, environment);
  if (METRICS_PORT === undefined) return undefined;
  measureProcess();
  let read = () => {};
  const server = createServer((request, response) => {
    if (request.url !== '/metrics') return void response.writeHead(404).end();
    const isRead = read;
    void registry.metrics().then((text) => {
      response.writeHead(200, { 'content-type': registry.contentType }).end(text, isRead);
    });
  });
  // It stays up until the process ends, and keeps none alive.
  await once(server.unref().listen(METRICS_PORT), 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async lastRead() {
      if (METRICS_LINGER === 0) return;
      const over = new AbortController();
      read = () => over.abort();
      await clock.sleep(METRICS_LINGER * 1000, over.signal).catch(() => undefined);
    },
  };
}
