import { eventType, pingType } from '@darkroom/shared/events';
import { matches } from 'knative-local/broker/filter';
import type { Filter } from 'knative-local/manifest/filters';
import type { RevisionSpec, Topology, TriggerSpec } from 'knative-local/manifest/topology';

/** Finds what would silently make jobs wait forever: a filter that no Trigger hears, and a Trigger for an event that nobody emits. */
export function inspectWiring({ services, triggers, eventTypes }: Topology): { faults: string[]; warnings: string[] } {
  const revisions = services.find(({ name }) => name === 'ingest')?.revisions ?? [];
  const faults = revisions.flatMap((revision) => deafFilters(revision, triggers));
  const emitted = new Set<string>([...(eventTypes.length > 0 ? eventTypes : Object.values(eventType)), pingType]);
  const warnings = triggers.flatMap(({ name, attributes, filters }) =>
    typesOf(attributes, filters)
      .filter((type) => !emitted.has(type))
      .map(
        (type) =>
          `Trigger ${name} waits for events of type ${type}, which nobody emits. Check its spelling, or declare it in an EventType.`,
      ),
  );
  return { faults, warnings };
}

/** A stage may listen for every photo, but a filter is requested by name. */
function deafFilters({ name, environment }: RevisionSpec, triggers: TriggerSpec[]): string[] {
  const filters = (environment['FILTERS'] ?? '')
    .split(',')
    .map((filter) => filter.trim())
    .filter(Boolean);
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
