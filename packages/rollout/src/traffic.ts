import type { Service, Target } from './kubernetes/service.ts';

/** The two versions between which traffic moves, by revision. */
export interface Pair {
  candidate: string;
  baseline: string;
}

/** A rollout cannot begin or go on; the message says what to do. Traffic is left as it is. */
export class CannotRoll extends Error {
  override readonly name = 'CannotRoll';
}

const revisionOf = ({ revisionName }: Target, { status }: Service): string | undefined =>
  revisionName ?? status.latestReadyRevisionName;

/** The share of each revision that has one, in percent. */
export function sharesOf(service: Service): Map<string, number> {
  const shares = new Map<string, number>();
  for (const target of service.spec.traffic) {
    const revision = revisionOf(target, service) ?? '';
    const percent = (shares.get(revision) ?? 0) + (target.percent ?? 0);
    if (percent > 0) shares.set(revision, percent);
  }
  return shares;
}

/**
 * The revision that is meant.
 * @param to a tag, or a revision
 * @throws CannotRoll if there is none
 */
export function candidateIn(service: Service, to: string): string {
  const targets = service.spec.traffic;
  const target = targets.find(({ tag }) => tag === to) ?? targets.find((each) => revisionOf(each, service) === to);
  const candidate = target && revisionOf(target, service);
  if (candidate !== undefined) return candidate;
  const known = targets.flatMap((each) => each.tag ?? revisionOf(each, service) ?? []).join(', ');
  throw new CannotRoll(
    `The traffic of ${service.metadata.name} knows no tag or revision ${to}, only ${known || 'none'}. Make the version first: npm run release, or kn service update.`,
  );
}

/** @throws CannotRoll unless all traffic goes to one other revision, or to the two */
export function pairIn(service: Service, to: string): Pair {
  const { name } = service.metadata;
  const candidate = candidateIn(service, to);
  const others = [...sharesOf(service).keys()].filter((revision) => revision !== candidate);
  const [baseline] = others;
  if (baseline === undefined)
    throw new CannotRoll(`${candidate} has all of the traffic already; there is nothing to compare it with.`);
  if (others.length > 1)
    throw new CannotRoll(
      `Besides ${candidate}, ${others.join(' and ')} have traffic. Give all of it to the one that ${candidate} is to be compared with: kn service update ${name} --traffic ...`,
    );
  return { candidate, baseline };
}

/** Targets by which the candidate has so many percent, and the baseline all others. Tags stay, and what follows the latest revision is named. */
export function splitBy(service: Service, { candidate, baseline }: Pair, percent: number): Target[] {
  const shares = new Map([
    [candidate, percent],
    [baseline, 100 - percent],
  ]);
  const take = (revision: string) => {
    const share = shares.get(revision) ?? 0;
    // A revision may have several targets, one for each tag: the first gets all.
    shares.delete(revision);
    return share;
  };
  const targets = service.spec.traffic.flatMap((target): Target[] => {
    const revisionName = revisionOf(target, service);
    return revisionName === undefined
      ? []
      : [{ ...(target.tag !== undefined && { tag: target.tag }), revisionName, percent: take(revisionName) }];
  });
  const more = [...shares].map(([revisionName, share]): Target => ({ revisionName, percent: share }));
  return [...targets, ...more].filter(({ percent: share, tag }) => (share ?? 0) > 0 || tag !== undefined);
}

/** Whether traffic is as a rollout left it. */
export function isSplitBy(service: Service, { candidate, baseline }: Pair, percent: number): boolean {
  const shares = sharesOf(service);
  const is = (revision: string, share: number) => (shares.get(revision) ?? 0) === share;
  return is(candidate, percent) && is(baseline, 100 - percent);
}

/** "80 % ingest-v1, 20 % ingest-v2" */
export function describeTraffic(service: Service): string {
  return [...sharesOf(service)].map(([revision, percent]) => `${percent} % ${revision}`).join(', ');
}
