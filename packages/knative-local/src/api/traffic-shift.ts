import type { Decisions } from './decisions/decisions.ts';
import { type RevisionRecord, revisionOf, trafficOf } from './decisions/revisions.ts';
import { kindOf, missing } from './model/kinds.ts';
import type { Fields, KubeObject } from './model/object.ts';
import type { Resources, Wish } from './requests/resources.ts';

/**
 * Gives revisions of a service other shares, on the way that every client's wish takes.
 * @throws StatusError if it cannot be; then nothing has changed
 */
export function createTrafficShift(
  resources: Resources,
  decisions: Pick<Decisions, 'all'>,
): (service: string, percents: Readonly<Record<string, number>>) => Promise<void> {
  const version = 'v1';
  const kind = kindOf({ apiVersion: `serving.knative.dev/${version}`, kind: 'Service' })!;
  return async (name, percents) => {
    const wish: Wish = (now) => {
      const revisions = decisions.all.get(`Service/${name}`)?.revisions ?? [];
      return withPercents(now ?? missing(kind, name), revisions, percents);
    };
    await resources.put(kind, name, wish, { version, dryRun: false });
  };
}

/**
 * A Service with other percentages; tags and what follows the latest revision stay.
 * @param percents by revision; the others get none
 */
function withPercents(
  service: KubeObject,
  revisions: readonly RevisionRecord[],
  percents: Readonly<Record<string, number>>,
): KubeObject {
  const open = new Map(Object.entries(percents));
  const take = (revision: string | undefined) => {
    const percent = open.get(revision ?? '') ?? 0;
    // A revision may have several targets, one for each tag: the first gets all.
    open.delete(revision ?? '');
    return percent;
  };
  const targets = trafficOf(service).map((target) => ({ ...target, percent: take(revisionOf(target, revisions)) }));
  const more = [...open].filter(([, percent]) => percent > 0).map(([revisionName, percent]) => ({ revisionName, percent }));
  // Targets without a share stay, so that their revisions keep running, and can be given one again.
  return { ...service, spec: { ...(service['spec'] as Fields), traffic: [...targets, ...more] } };
}
