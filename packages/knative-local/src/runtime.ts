import { type Clock, systemClock } from './clock.ts';
import { CannotStart } from './errors.ts';
import { namespace } from './broker/address.ts';
import { createBrokers } from './broker/broker.ts';
import { createIngress } from './broker/ingress.ts';
import type { Subscriber } from './broker/subscriber.ts';
import { createDestinations } from './destinations.ts';
import { limits } from './limits.ts';
import { close, listen } from './listen.ts';
import type { Log } from './log.ts';
import { type ManifestSources, readManifests } from './manifest/read.ts';
import type { Destination, Topology } from './manifest/topology.ts';
import { createPings } from './pings.ts';
import { createFleet } from './process/fleet.ts';
import { portTaken, whenFree } from './process/ports.ts';
import { type Plan, real, supervise } from './process/supervisor.ts';
import { createRouter } from './router.ts';
import { type Sources, watchProject } from './project.ts';
import { createWiring, describeTraffic } from './wiring.ts';
import { countdown, within } from './within.ts';

const loopback = '127.0.0.1';
const isLoopback = (host: string) => host === 'localhost' || host === '::1' || host.startsWith('127.');

export interface RuntimeOptions extends ManifestSources {
  /** The public address. Port 0 means any free one. */
  host: string;
  port: number;
  /** The command that chooses another port, for the operator. */
  anotherPort: (port: number) => string;
  /** The service behind the public address; by default, the only function invoked by HTTP. */
  service?: string | undefined;
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
  /** Comes between broker and subscriber, to test failures. */
  intercept?: (subscriber: Subscriber) => Subscriber;
  log: Log;
  clock?: Clock;
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
}

export interface Runtime {
  /** Resolves once everything is ready. Rejects with a sentence if something cannot start. */
  started: Promise<Started>;
  /** Takes everything down, in the order in which work flows. */
  stop(): Promise<void>;
}

/** Runs the functions in a folder, wired as the manifests say. */
export function startRuntime(options: RuntimeOptions): Runtime {
  const { log, clock = systemClock, intercept = (subscriber: Subscriber) => subscriber } = options;
  /** What started last ends first. Requests and deliveries share one time limit; the processes then get as much again. */
  const ending = new AsyncDisposableStack();
  let left = () => 0;
  let stopped: Promise<void> | undefined;
  const started = start();
  return { started, stop: () => (stopped ??= stop()) };

  async function start(): Promise<Started> {
    const read = async () => inspected(await readManifests(options), options);
    const topology = await read();
    const service = publicService(topology, options);
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
    const fleet = createFleet(options.environment(addresses), log, real(clock));
    const destinations = createDestinations(fleet, brokerOrigin, options.token);
    const resolve = (destination: Destination) => intercept(destinations(destination));
    const brokers = createBrokers(resolve, log, clock);
    const pings = createPings(resolve, log, clock);
    const wiring = createWiring({ build: options.sources?.build, read, fleet, brokers, pings, log });
    // Names can be restricted only for an address that is closed to the network.
    const names = isLoopback(options.host) ? (options.names ?? []) : undefined;
    let ready = false;
    const isReady = () => ready && fleet.ready && companions.every((companion) => companion.dispensable || companion.ready);
    ingress.server.on('request', createIngress(brokers, options.token));
    front.server.on('request', createRouter({ fleet, service, names, unavailable: options.unavailable, isReady, log, clock }));
    for (const companion of companions) ending.defer(() => companion.stop(limits.drainTime));
    ending.defer(() => close(ingress, 0, clock));
    ending.defer(() => fleet.stop());
    ending.defer(() => within(left(), brokers.stop(), clock));
    ending.defer(() => close(front, left(), clock));
    ending.defer(() => pings.stop());

    await Promise.all([...companions.map((companion) => companion.started), wiring.apply(topology)]);
    ending.defer(await watchProject(options, wiring.reload, clock));
    ready = true;
    pings.sendAll(options.firstPing);
    return { ...addresses, traffic: describeTraffic(topology) };
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
  if (faults.length > 0) throw new CannotStart(`The manifests need a change:\n  ${faults.join('\n  ')}`);
  return topology;
}

/** @throws CannotStart if there is no such service, or the choice is not clear */
function publicService({ services }: Topology, { service, settings }: RuntimeOptions): string {
  const names = services.map(({ name }) => name).join(', ');
  const hint = settings.service ? ` Choose with ${settings.service}.` : '';
  const candidates = services.filter((each) => each.http);
  if (service === undefined && candidates.length === 1) return candidates[0]!.name;
  if (service === undefined)
    throw new CannotStart(
      `${candidates.length === 0 ? 'No function is' : 'Several functions are'} invoked by HTTP. Say which is public; there is ${names}.${hint}`,
    );
  if (services.some(({ name }) => name === service)) return service;
  throw new CannotStart(`There is no service ${service}; there is ${names}.${hint}`);
}
