import { readCharts } from './charts/description.ts';
import { createChartRoom } from './charts/room.ts';
import { createControlPlane } from './api/control-plane.ts';
import { systemClock } from './clock.ts';
import { WrongManifests } from './errors.ts';
import { namespace } from './broker/address.ts';
import { createBrokers } from './broker/broker.ts';
import { createIngress } from './broker/ingress.ts';
import { both, unobserved } from './broker/observer.ts';
import type { Subscriber } from './broker/subscriber.ts';
import { createDestinations } from './destinations.ts';
import { type Console, openConsole } from './console/console.ts';
import { createJournal } from './journal/journal.ts';
import { limits } from './limits.ts';
import { close, listen } from './listen.ts';
import { readManifests } from './manifest/read.ts';
import type { Destination, Topology } from './manifest/topology.ts';
import { openMetrics } from './metrics/metrics.ts';
import { createPings } from './pings.ts';
import { createFleet } from './process/fleet.ts';
import { portTaken, whenFree } from './process/ports.ts';
import { real, supervise } from './process/supervisor.ts';
import { publicService } from './public-service.ts';
import type { RuntimeOptions, Started } from './runtime-options.ts';
import { createRouter } from './router.ts';
import { watchProject } from './project.ts';
import { createWiring, describeTraffic } from './wiring.ts';
import { countdown, within } from './within.ts';

const loopback = '127.0.0.1';
const isLoopback = (host: string) => host === 'localhost' || host === '::1' || host.startsWith('127.');

export interface Runtime {
  /** Resolves once everything is ready. Rejects with a sentence if something cannot start. */
  started: Promise<Started>;
  /** Takes everything down, in the order in which work flows. */
  stop(): Promise<void>;
}

/** Runs the functions in a folder, wired as the manifests say. */
export function startRuntime(options: RuntimeOptions): Runtime {
  const { clock = systemClock, intercept = (subscriber: Subscriber) => subscriber } = options;
  /** What started last ends first. Requests and deliveries share one time limit; the processes then get as much again. */
  const ending = new AsyncDisposableStack();
  let left = () => 0;
  let stopped: Promise<void> | undefined;
  const started = start();
  return { started, stop: () => (stopped ??= stop()) };

  async function start(): Promise<Started> {
    let service: string | undefined;
    const inspect = (topology: Topology) => {
      // The one behind the public address cannot go, once it is chosen.
      if (service !== undefined) publicService(topology, { ...options, service });
      return inspected(topology, options);
    };
    let ready = false;
    // Until then, whoever starts it has to build.
    const sources = { ...options, buildsFollow: () => ready && options.sources !== undefined };
    const control = options.data === undefined ? undefined : await createControlPlane(options.data, sources, inspect, clock);
    const log = control?.log ?? options.log;
    const read = control?.read ?? (async () => inspect(await readManifests(sources)));
    const topology = await read();
    service = publicService(topology, options);
    const charts = options.charts === undefined ? undefined : createChartRoom(await readCharts(options.charts));
    const [front, ingress] = await Promise.all([
      // No time limit: an upload takes as long as its connection needs, and the function sets its own limit.
      whenFree(() => listen(options.port, options.host, { requestTimeout: 0 }), clock).catch((error: unknown) => {
        throw portTaken(options.port, options.anotherPort, error);
      }),
      listen(0, loopback, { requestTimeout: limits.ingressTime, headersTimeout: limits.ingressTime }),
    ]);

    const brokerOrigin = `http://${loopback}:${ingress.port}`;
    const addresses = { port: front.port, service, brokerUrl: `${brokerOrigin}/${namespace}/${mainBroker(topology)}` };
    const companions = (options.companions ?? []).map((plan) => supervise(plan, log, real(clock)));
    let page: Console | undefined;
    const changed = () => {
      control?.changed();
      page?.changed();
    };
    const metrics = options.metrics && (await openMetrics(options.metrics, clock, charts?.history.take));
    const fleet = createFleet(options.environment(addresses), log, real(clock), {
      scaleOut: options.scaleOut ?? false,
      changed,
      metricsVariable: options.metrics?.variable,
      beforeEnd: metrics?.lastRead,
    });
    let current = topology;
    metrics?.measure(() => ({ topology: current, replicas: fleet.replicas }));
    const destinations = createDestinations(fleet, brokerOrigin, options.token);
    const resolve = (destination: Destination) => intercept(destinations(destination));
    const { correlation, deadLetters } = options;
    const journal = createJournal({ correlation, bounds: { count: limits.journalEvents, bytes: limits.journalBytes }, clock });
    const observer = both(control ? journal : unobserved, metrics?.observer ?? unobserved);
    const brokers = createBrokers(resolve, log, clock, observer);
    const pings = createPings(resolve, log, clock, observer);
    const inEffect = (applied: Topology) => {
      current = applied;
      control?.inEffect();
      page?.changed();
    };
    const wiring = createWiring({ build: options.sources?.build, read, fleet, brokers, pings, log, inEffect });
    // Names can be restricted only for an address that is closed to the network.
    const names = isLoopback(options.host) ? (options.names ?? []) : undefined;
    const isReady = () => ready && fleet.ready && companions.every((companion) => companion.dispensable || companion.ready);
    ingress.server.on('request', createIngress(brokers, options.token));
    front.server.on('request', createRouter({ fleet, service, names, unavailable: options.unavailable, isReady, log, clock }));
    for (const companion of companions) ending.defer(() => companion.stop(limits.drainTime));
    ending.defer(() => close(ingress, 0, clock));
    ending.defer(() => fleet.stop());
    ending.defer(() => within(left(), brokers.stop(), clock));
    ending.defer(() => close(front, left(), clock));
    ending.defer(() => pings.stop());
    // Those who stop are still read.
    if (metrics) ending.defer(() => metrics.close());

    await Promise.all([...companions.map((companion) => companion.started), wiring.apply(topology)]);
    ending.defer(await watchProject(options, wiring.reload, clock));
    if (control) ending.defer(() => control.close());
    const controls = await control?.open({ wiring, fleet, service, port: front.port, brokerOrigin });
    if (control && controls) {
      const parts = { journal, brokers, fleet, control, controls, service, correlation, deadLetters, charts };
      page = await openConsole({ ...parts, port: front.port, log, clock });
      ending.defer(page.close);
    }
    ready = true;
    pings.sendAll(options.firstPing);
    const doors = controls && page && { kubeconfig: controls.kubeconfig, consoleUrl: page.url };
    return { ...addresses, traffic: describeTraffic(topology), ...doors, ...(metrics && { metricsUrl: metrics.url }) };
  }

  async function stop(): Promise<void> {
    left = countdown(limits.drainTime, clock);
    await ending.disposeAsync();
  }
}

function mainBroker({ brokers }: Topology): string {
  return brokers.find(({ name }) => name === 'default')?.name ?? brokers[0]?.name ?? 'default';
}

/** @throws CannotStart with every fault */
function inspected(topology: Topology, { inspect, log }: RuntimeOptions): Topology {
  const { faults, warnings } = inspect?.(topology) ?? { faults: [], warnings: [] };
  for (const warning of warnings) log('runtime', `WARNING: ${warning}`);
  if (faults.length > 0) throw new WrongManifests(faults);
  return topology;
}
