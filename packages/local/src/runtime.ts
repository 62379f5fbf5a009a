import { banner } from './banner.ts';
import { createBrokers } from './broker/broker.ts';
import { createIngress, namespace } from './broker/ingress.ts';
import type { Subscriber } from './broker/subscriber.ts';
import { openDataFolder } from './data-folder.ts';
import { createDestinations } from './destinations.ts';
import { limits } from './limits.ts';
import { close, listen } from './listen.ts';
import type { Log } from './log.ts';
import type { Destination } from './manifest/topology.ts';
import { readManifests } from './manifest/read.ts';
import { createPings } from './pings.ts';
import { createFleet } from './process/fleet.ts';
import { startInbox } from './process/inbox.ts';
import { machineEnvironment, platformEnvironment } from './process/platform.ts';
import { portTaken, settledPort } from './process/ports.ts';
import { createRouter } from './router.ts';
import { announce } from './runtime-file.ts';
import type { Settings } from './settings.ts';
import { watchFolder } from './watch.ts';
import { createWiring, describeTraffic } from './wiring.ts';
import { within } from './within.ts';

/** The service behind the public address. */
const publicService = 'ingest';
const loopback = '127.0.0.1';

export interface Runtime {
  /** Resolves with what to tell the operator when everything is ready. Rejects with a sentence where something cannot start. */
  started: Promise<string>;
  /** Takes everything down, in the order in which work flows. */
  stop(): Promise<void>;
}

/** What a test of failures puts between the parts. */
export interface Interference {
  /** Stands between broker and subscriber. */
  deliver?: (subscriber: Subscriber) => Subscriber;
  /** Goes into the environment of every function. */
  environment?: Record<string, string>;
}

export function startRuntime(
  settings: Settings,
  log: Log,
  { deliver = (subscriber) => subscriber, environment = {} }: Interference = {},
): Runtime {
  /** What to do at the end, last things first. Work in flight has one span of time for all of them together. */
  const ending: ((left: () => number) => Promise<void> | void)[] = [];
  const started = start();
  let stopped: Promise<void> | undefined;
  return { started, stop: () => (stopped ??= stop()) };

  async function start(): Promise<string> {
    const { operator, DATA_DIR: dataFolder } = settings;
    const read = () => readManifests({ config: settings.CONFIG_DIR, functions: settings.FUNCTIONS_DIR }, operator);
    const topology = await read();
    ending.push((await openDataFolder(dataFolder)).release);
    const [smtpPort, webPort, front, ingress] = await Promise.all([
      settledPort('SMTP_PORT', settings.SMTP_PORT),
      settledPort('INBOX_PORT', settings.INBOX_PORT),
      // No time limit: an upload takes as long as its line needs, and the function behind sets its own.
      listen(settings.PORT, settings.HOST, { requestTimeout: 0 }).catch((error: unknown) => {
        throw portTaken('PORT', settings.PORT, error);
      }),
      listen(0, loopback, { requestTimeout: limits.ingressTime, headersTimeout: limits.ingressTime }),
    ]);

    const brokerOrigin = `http://${loopback}:${ingress.port}`;
    const addresses = {
      publicUrl: settings.PUBLIC_URL ?? `http://localhost:${front.port}`,
      inboxUrl: `http://localhost:${webPort}`,
      smtpPort,
      brokerUrl: `${brokerOrigin}/${namespace}/${topology.brokers.find(({ name }) => name === 'default')?.name ?? topology.brokers[0]?.name ?? 'default'}`,
    };
    const platform = {
      ...platformEnvironment({
        operator,
        dataFolder,
        sink: addresses.brokerUrl,
        smtpUrl: settings.SMTP_URL ?? `smtp://${loopback}:${smtpPort}`,
        mailFrom: settings.MAIL_FROM,
        publicUrl: addresses.publicUrl,
        storeUrl: settings.STORE_URL,
      }),
      ...environment,
    };
    const inbox = startInbox({ smtpPort, webPort, dataFolder, environment: machineEnvironment(operator, dataFolder) }, log);
    const fleet = createFleet(platform, log);
    const destinations = createDestinations(fleet, brokerOrigin);
    const resolve = (destination: Destination) => deliver(destinations(destination));
    const brokers = createBrokers(resolve, log);
    const pings = createPings(resolve, log);
    const wiring = createWiring({ read, fleet, brokers, pings, log });
    let ready = false;
    ingress.server.on('request', createIngress(brokers));
    front.server.on(
      'request',
      createRouter({ fleet, service: publicService, isReady: () => ready && fleet.ready && inbox.ready, log }),
    );
    ending.unshift(
      () => pings.stop(),
      (left) => close(front, left()),
      (left) => within(left(), brokers.stop()),
      () => fleet.stop(),
      () => close(ingress, 0),
      () => inbox.stop(limits.drainTime),
    );

    await Promise.all([inbox.started, wiring.apply(topology)]);
    const endings = [settings.CONFIG_DIR, settings.FUNCTIONS_DIR].map((folder) => watchFolder(folder, wiring.reload));
    ending.unshift(...endings, await announce(dataFolder, addresses));
    ready = true;
    pings.sendAll();
    return banner(addresses, dataFolder, describeTraffic(topology));
  }

  async function stop(): Promise<void> {
    const deadline = Date.now() + limits.drainTime;
    for (const end of ending) await end(() => Math.max(deadline - Date.now(), 0));
  }
}
