import type { TrafficSpec } from '../manifest/topology.ts';

/** Chooses by tag where there is one of that name, and else at random by percentage, as Knative does. */
export function choose(targets: TrafficSpec[], tag?: string): TrafficSpec | undefined {
  const tagged = tag === undefined ? undefined : targets.find((target) => target.tag === tag);
  let point = Math.random() * 100;
  return tagged ?? targets.find(({ percent }) => (point -= percent) < 0) ?? targets.findLast(({ percent }) => percent > 0);
}
