import { randomBytes } from 'node:crypto';
import type { ControlPlane, Controls } from '../api/control-plane.ts';
import type { Brokers } from '../broker/broker.ts';
import type { Clock } from '../clock.ts';
import type { Journal } from '../journal/journal.ts';
import { close, listen } from '../listen.ts';
import type { Log } from '../log.ts';
import type { Fleet } from '../process/fleet.ts';
import { createActions } from './actions.ts';
import type { DeadLetters } from './dead-letters.ts';
import { createDoor } from './door.ts';
import { createLive } from './live.ts';
import { memoryOf } from './memory.ts';
import { type DrawnCharts, createPageData } from './page-data.ts';
import { createConsoleServer } from './server.ts';
import { topologyView } from './topology-view.ts';

const loopback = '127.0.0.1';

export interface ConsoleOptions {
  journal: Journal;
  brokers: Pick<Brokers, 'publish'>;
  fleet: Pick<Fleet, 'replicas'>;
  control: Pick<ControlPlane, 'topology' | 'linesOf'>;
  controls: Pick<Controls, 'shiftTraffic'>;
  /** The service behind the public address, and the port of that. */
  service: string;
  port: number;
  /** The attribute that events of one chain share. */
  correlation: string | undefined;
  deadLetters: DeadLetters | undefined;
  charts: DrawnCharts | undefined;
  log: Log;
  clock: Clock;
}

/** A page that shows what flows, and lets a person act on it. */
export interface Console {
  /** With the token that opens it. */
  url: string;
  /** The wiring changed, or a process started, became ready, or ended. */
  changed(): void;
  close(): Promise<void>;
}

export async function openConsole(options: ConsoleOptions): Promise<Console> {
  const { journal, fleet, control, service, correlation, log, clock } = options;
  const url = `http://localhost:${options.port}`;

  async function topology() {
    const { replicas } = fleet;
    const memory = await memoryOf(replicas.flatMap(({ vitals }) => vitals.pid ?? []));
    return topologyView({ topology: control.topology, replicas, service, url, correlation, memory });
  }

  function linesOf(id: string) {
    const replica = fleet.replicas.find((each) => each.id === id);
    return replica && control.linesOf(replica.process).slice(-100);
  }

  const listening = await listen(0, loopback);
  const token = randomBytes(32).toString('base64url');
  const live = createLive(journal, topology, clock);
  const door = createDoor(token, listening.port);
  const pageData = createPageData({ ...options, topology, linesOf });
  listening.server.on('request', createConsoleServer({ door, pageData, actions: createActions(options), live, log }));
  return {
    url: `http://localhost:${listening.port}/?token=${token}`,
    changed: () => live.changed(),
    async close() {
      live.close();
      await close(listening, 0, clock);
    },
  };
}
