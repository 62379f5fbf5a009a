import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { eventType, pingType } from '@darkroom/shared/events';
import { matches } from 'knative-local/broker/filter';
import type { Filter } from 'knative-local/manifest/filters';
import type { RevisionSpec, ServiceSpec, Topology, TriggerSpec } from 'knative-local/manifest/topology';

/**
 * Finds what would silently make jobs wait forever: a filter that no Trigger hears, and a Trigger for an event that nobody emits; and a
 * version in which something else can be chosen for a filter than the filter says.
 */
export function inspectWiring({ services, triggers, eventTypes }: Topology): { faults: string[]; warnings: string[] } {
  const revisions = services.find(({ name }) => name === 'ingest')?.revisions ?? [];
  const faults = revisions.flatMap((revision) => deafFilters(revision, triggers));
  const emitted = new Set<string>([...(eventTypes.length > 0 ? eventTypes : Object.values(eventType)), pingType]);
  const warnings = triggers.flatMap(({ name, attributes, filters }) =>
    [...new Set(typesOf(attributes, filters))]
      .filter((type) => !emitted.has(type))
      .map(
        (type) =>
          `Trigger ${name} waits for events of type ${type}, which nobody emits. Check its spelling, or declare it in an EventType.`,
      ),
  );
  const choices = revisions.flatMap((revision) => otherChoices(revision, services));
  return { faults, warnings: [...warnings, ...choices] };
}

/** A version says once more what the option.json beside a filter's func.yaml says: the function that accepts photos sees no other. */
function otherChoices({ name, environment }: RevisionSpec, services: ServiceSpec[]): string[] {
  return filtersOf(environment).flatMap((filter) => {
    const folder = services.find((service) => service.name === filter)?.revisions[0]?.folder;
    const own = folder && contentOf(join(folder, '../option.json'));
    const said = (parsed(environment['OPTIONS'] || '{}') as Record<string, unknown>)[filter];
    if (isDeepStrictEqual(own || undefined, said)) return [];
    const what = own ? `${filter}: ${JSON.stringify(own)}` : `nothing for ${filter}`;
    return [`${name}: OPTIONS and the function ${filter} disagree on what can be chosen. By its option.json, it is ${what}.`];
  });
}

function contentOf(path: string): unknown {
  return existsSync(path) ? parsed(readFileSync(path, 'utf8')) : undefined;
}

/** What is no JSON keeps its reader from starting, and is told there. */
function parsed(text: string): unknown {
  try {
    return (JSON.parse(text) as unknown) ?? {};
  } catch {
    return {};
  }
}

function filtersOf(environment: Record<string, string>): string[] {
  return (environment['FILTERS'] ?? '')
    .split(',')
    .map((filter) => filter.trim())
    .filter(Boolean);
}

/** A stage may listen for every photo, but a filter is requested by name. */
function deafFilters({ name, environment }: RevisionSpec, triggers: TriggerSpec[]): string[] {
  const filters = filtersOf(environment);
  const uploaded = { type: eventType.imageUploaded, job: 'job', image: '1', archive: 'true' };
  const event = (attributes: Record<string, string>) => ({
    attributes: new Map(Object.entries(attributes)),
    data: Buffer.alloc(0),
  });
  const others = (filter: string) => Object.fromEntries(filters.filter((each) => each !== filter).map((each) => [each, 'true']));
  const hears = (trigger: TriggerSpec, filter: string) =>
    matches(trigger, event({ ...uploaded, ...others(filter), [filter]: 'true' })) &&
    (isFor(trigger, filter) || !matches(trigger, event({ ...uploaded, ...others(filter) })));
  return filters
    .filter((filter) => !triggers.some((trigger) => hears(trigger, filter)))
    .map(
      (filter) =>
        `${name}: no Trigger hears the filter ${filter}, so its prints would never come. Add a Trigger for type ${eventType.imageUploaded} and ${filter} 'true', or take ${filter} out of FILTERS.`,
    );
}

function isFor({ subscriber }: TriggerSpec, service: string): boolean {
  return 'service' in subscriber && subscriber.service === service;
}

/** The types that a Trigger names in full. */
function typesOf(attributes: Record<string, string>, filters: Filter[]): string[] {
  const named = filters.flatMap(({ exact, all, any }) => typesOf(exact ?? {}, [...(all ?? []), ...(any ?? [])]));
  return attributes['type'] ? [attributes['type'], ...named] : named;
}
