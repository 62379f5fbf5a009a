import { existsSync } from 'node:fs';
import { Cron } from 'croner';
import type * as v from 'valibot';
import { CannotStart, WrongManifests } from '../errors.ts';
import type { Environment } from '../machine.ts';
import { check } from './check.ts';
import { brokerDelivery, toDestination, triggerDelivery } from './delivery.ts';
import { displayed, type Document, type Faults, foldersOf, readFolder } from './document.ts';
import { referenceFaults } from './references.ts';
import { broker, configMap, eventType, pingSource, secret, trigger } from './schema.ts';
import { type ImageName, readServices } from './services.ts';
import type { Topology } from './topology.ts';

export interface ManifestSources {
  /** The folders of manifests, in the order in which they are applied, and the folder of functions. */
  config: readonly string[];
  functions: string;
  /** The settings, as the operator knows them, for these folders and the public service. */
  settings: { config: string; functions: string; service?: string };
  /** Stands in for the cluster's Secrets, and overrides ConfigMap keys of the same name. */
  operator: Environment;
  /** The operator's variables that reach every function, whether or not a manifest names them. */
  operational?: RegExp;
  /** What every function gets, unless its manifest or `operational` says otherwise. */
  defaults?: Record<string, string>;
  /** By default, the last part of an image's name: "ghcr.io/someone/hello:1" is hello. */
  image?: ImageName;
  /** Whether somebody builds what is saved. Then a build that is older than its source runs as it is, until the next one is there. */
  buildsFollow?: () => boolean;
  /** What takes effect of the files' documents, and what else does. By default, just these. */
  amend?: (documents: Document[]) => Amended;
}

export interface Amended {
  documents: Document[];
  /** Functions that do not run, though there is a folder. */
  removed?: ReadonlySet<string>;
}

const lastPart: ImageName = { pattern: /([^/:@]+)(?:[:@][^/]*)?$/, written: '<registry>/<function>' };

/**
 * Reads the same manifests as the cluster. Kinds that only a cluster needs are skipped.
 * @throws CannotStart with every fault: "config/triggers.yaml:12: Trigger sepia: spec.broker: ..."
 */
export async function readManifests(sources: ManifestSources): Promise<Topology> {
  const { config, functions, settings, operator, operational, defaults, image = lastPart, buildsFollow, amend } = sources;
  const missing = config.find((folder) => !existsSync(folder));
  if (missing) throw new CannotStart(`${displayed(missing)} does not exist. Set ${settings.config} to the folder of manifests.`);
  const faults: Faults = [];
  const folders = (await Promise.all(config.map((folder) => foldersOf(folder, faults)))).flat();
  const written = (await Promise.all(folders.map((folder) => readFolder(folder, faults)))).flat();
  const { documents, removed }: Amended = amend?.(written) ?? { documents: written };
  const kind = (apiVersion: string, name: string) =>
    unique(
      documents.filter((each) => each.apiVersion === apiVersion && each.kind === name),
      faults,
    );

  const brokers = kind('eventing.knative.dev/v1', 'Broker').flatMap((document) => {
    const read = check(broker, document, faults);
    return read ? [{ document, name: document.name, delivery: brokerDelivery(read.spec?.delivery) }] : [];
  });
  const triggers = kind('eventing.knative.dev/v1', 'Trigger').flatMap((document) => {
    const read = check(trigger, document, faults);
    if (!read) return [];
    const { spec } = read;
    const inherited = brokers.find(({ name }) => name === spec.broker)?.delivery ?? brokerDelivery(undefined);
    const filtered = { filters: spec.filters ?? [], attributes: spec.filters?.length ? {} : (spec.filter?.attributes ?? {}) };
    return [
      {
        document,
        name: document.name,
        broker: spec.broker,
        ...filtered,
        subscriber: toDestination(spec.subscriber),
        delivery: triggerDelivery(spec.delivery, inherited),
      },
    ];
  });
  const pings = kind('sources.knative.dev/v1', 'PingSource').flatMap((document) => {
    const read = check(pingSource, document, faults);
    if (!read) return [];
    const { schedule, timezone, contentType = 'application/json', data = '', sink } = read.spec;
    const wrong = scheduleFault(schedule, timezone);
    if (wrong) faults.push(document.fault(['spec', 'schedule'], wrong));
    return [
      { document, name: document.name, schedule, contentType, data, sink: toDestination(sink), ...(timezone && { timezone }) },
    ];
  });
  const eventTypes = documents
    .filter(({ apiVersion, kind: name }) => apiVersion.startsWith('eventing.knative.dev/') && name === 'EventType')
    .flatMap((document) => {
      const { spec } = check(eventType, document, faults) ?? {};
      return spec?.attributes?.find(({ name }) => name === 'type')?.value ?? spec?.type ?? [];
    });
  const configMaps = new Map(
    kind('v1', 'ConfigMap').map((document) => [document.name, check(configMap, document, faults)?.data ?? {}]),
  );
  const secrets = new Map(kind('v1', 'Secret').map((document) => [document.name, valuesOf(check(secret, document, faults))]));
  const services = await readServices({
    documents: documents.filter((each) => each.apiVersion === 'serving.knative.dev/v1' && each.kind === 'Service'),
    functionsFolder: functions,
    functionsSetting: settings.functions,
    removed,
    configMaps,
    secrets,
    operator,
    operational,
    defaults,
    image,
    buildsFollow: buildsFollow?.() ?? false,
    faults,
  });

  faults.push(...referenceFaults({ brokers, triggers, pings, services }));
  if (faults.length > 0) throw new WrongManifests([...new Set(faults)]);
  return {
    brokers: brokers.map(withoutDocument),
    triggers: triggers.map(withoutDocument),
    pings: pings.map(withoutDocument),
    services,
    eventTypes,
  };
}

function valuesOf({ data = {}, stringData }: v.InferOutput<typeof secret> = {}): Record<string, string> {
  const decoded = Object.entries(data).map(([key, text]) => [key, Buffer.from(text, 'base64').toString()]);
  return { ...(Object.fromEntries(decoded) as Record<string, string>), ...stringData };
}

function unique(documents: Document[], faults: Faults): Document[] {
  const seen = new Map<string, Document>();
  for (const document of documents) {
    const earlier = seen.get(document.name);
    if (earlier) faults.push(document.fault(['metadata', 'name'], `${earlier.at()} already has this name; choose another`));
    else seen.set(document.name, document);
  }
  return [...seen.values()];
}

function scheduleFault(schedule: string, timezone: string | undefined): string | undefined {
  try {
    new Cron(schedule, { paused: true, ...(timezone && { timezone }) }).nextRun();
    return undefined;
  } catch (error) {
    return `is not a cron schedule: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function withoutDocument<Described extends { document: Document }>(described: Described): Omit<Described, 'document'> {
  const { document: _document, ...rest } = described;
  return rest;
}
