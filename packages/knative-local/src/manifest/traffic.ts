import type * as v from 'valibot';
import type { service } from './schema.ts';
import type { RevisionSpec, TrafficSpec } from './topology.ts';

type Targets = NonNullable<v.InferOutput<typeof service>['spec']['traffic']>;

/** `spec.traffic` of a Service, checked against its revisions. */
export function readTraffic(
  targets: Targets,
  revisions: RevisionSpec[],
  fault: (path: PropertyKey[], message: string) => void,
): TrafficSpec[] {
  const traffic: TrafficSpec[] = [];
  for (const [index, { revisionName, tag, percent = 0 }] of targets.entries()) {
    const path = ['spec', 'traffic', index];
    const revision = revisionName ?? revisions.at(-1)?.name ?? '';
    if (!revisions.some(({ name }) => name === revision)) {
      fault(
        [...path, 'revisionName'],
        `there is no revision ${revision}; it has ${revisions.map(({ name }) => name).join(', ')}`,
      );
    }
    if (tag !== undefined && traffic.some((earlier) => earlier.tag === tag))
      fault([...path, 'tag'], `the tag ${tag} is taken; tags are unique`);
    traffic.push({ revision, percent, ...(tag !== undefined && { tag }) });
  }
  const sum = traffic.reduce((total, { percent }) => total + percent, 0);
  if (sum !== 100) fault(['spec', 'traffic'], `the percentages add up to ${sum}; they must add up to 100`);
  return traffic;
}
