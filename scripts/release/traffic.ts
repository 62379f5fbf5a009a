import type { Service, Target } from './service.ts';

/** The traffic with whatever follows the latest revision pinned to the one serving now, so that a release moves nobody. */
export function pinned({ spec: { traffic = [] }, status }: Service): Target[] {
  const ready = status?.latestReadyRevisionName;
  return traffic.flatMap((target) => {
    if (!target.latestRevision) return [plain(target)];
    return ready ? [{ ...plain(target), revisionName: ready }] : [];
  });
}

/** A target without what the status of its Service adds. */
function plain({ revisionName, tag, percent = 0 }: Target): Target {
  return { ...(revisionName && { revisionName }), ...(tag && { tag }), percent };
}

/**
 * The traffic with a new revision of a version, which keeps the version's tag and its share.
 * @param service whose revisions are named `<service>-<tag>-<digest>`
 * @param adopts whether it also takes over what is served by no version: the function as func deployed it
 */
export function handedTo(
  revision: string,
  { service, tag, adopts }: { service: string; tag: string; adopts: boolean },
  traffic: Target[],
): Target[] {
  const isReplaced = (target: Target) =>
    target.tag === tag || isOf(target, `${service}-${tag}-`) || (adopts && !isVersion(target));
  const percent = traffic.filter(isReplaced).reduce((sum, target) => sum + (target.percent ?? 0), 0);
  return [...traffic.filter((target) => !isReplaced(target)), { revisionName: revision, tag, percent }];
}

const isOf = ({ revisionName }: Target, prefix: string) => revisionName?.startsWith(prefix) === true;
const isVersion = ({ revisionName = '' }: Target) => /-v\d+-[0-9a-f]{8}$/.test(revisionName);
