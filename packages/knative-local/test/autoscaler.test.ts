import { expect, test } from 'vitest';
import { limits } from '../src/limits.ts';
import type { ScaleSpec } from '../src/manifest/topology.ts';
import { createAutoscaler } from '../src/process/autoscaler.ts';

const begun = Date.parse('2026-07-01T12:00:00Z');
const second = 1000;

function created(spec: Partial<ScaleSpec> = {}) {
  const autoscaler = createAutoscaler({ min: 0, max: 0, target: 7, window: 60_000, retention: 0, ...spec }, begun);
  return { autoscaler, desired: (after: number) => autoscaler.desired(1, begun + after) };
}

/** An autoscaler that is asked every two seconds, and whose wish comes true at once. */
function scaled(spec: Partial<ScaleSpec> = {}) {
  const { autoscaler } = created(spec);
  autoscaler.activate(begun);
  let now = begun;
  let replicas = 1;
  return {
    /** So many requests at a time, for so many seconds: how many replicas there are at each look. */
    run(requests: number, seconds: number): number[] {
      autoscaler.record(requests, now);
      return Array.from({ length: seconds / 2 }, () => {
        now += 2 * second;
        replicas = autoscaler.desired(replicas, now);
        return replicas;
      });
    },
  };
}

test('a steady load has as many replicas as its target asks for', () => {
  expect(scaled().run(7, 120).at(-1)).toBe(1);
  expect(scaled().run(8, 120).at(-1)).toBe(2);
  expect(scaled().run(21, 120).at(-1)).toBe(3);
  expect(scaled({ target: 0.7 }).run(2, 120).at(-1)).toBe(3);
});

test('a load that grows a little is followed by its average over the window', () => {
  const { run } = scaled();
  run(8, 200);
  expect(run(20, 8).at(-1)).toBe(2);
  expect(run(20, 60).at(-1)).toBe(3);
});

test('it is idle once nothing has come for a window, and then there are none', () => {
  const { run } = scaled();
  expect(run(0, 58)).toEqual(Array.from({ length: 29 }, () => 1));
  expect(run(0, 2)).toEqual([0]);
  expect(run(0, 600).at(-1)).toBe(0);
});

test('a request within the window keeps the last replica for another window', () => {
  const { run } = scaled();
  run(0, 58);
  run(1, 2);
  expect(run(0, 58).at(-1)).toBe(1);
  expect(run(0, 2)).toEqual([0]);
});

test('a request that lasts keeps its replica, however long it takes', () => {
  expect(
    scaled()
      .run(1, 3600)
      .every((count) => count === 1),
  ).toBe(true);
});

test('the last replica stays for the retention period', () => {
  const { run } = scaled({ retention: 30_000 });
  expect(run(0, 88).at(-1)).toBe(1);
  expect(run(0, 2)).toEqual([0]);
});

test('there are never fewer than the least and never more than the most', () => {
  const { run } = scaled({ min: 2, max: 4 });
  expect(run(0, 300).every((count) => count === 2)).toBe(true);
  expect(run(1000, 10).at(-1)).toBe(4);
  expect(run(0, 600).at(-1)).toBe(2);
  expect(scaled().run(10_000, 10).at(-1)).toBe(limits.replicas);
  expect(scaled({ min: 12 }).run(0, 10).at(-1)).toBe(12);
});

test('a burst is answered at once, and nothing is taken away for a window', () => {
  const { run } = scaled();
  run(0, 50);
  expect(run(35, 6)).toEqual([2, 4, 5]);
  const after = run(0, 58);
  expect(after.every((count) => count === 5)).toBe(true);
});

test('after a burst the replicas go by half at a time, then all of them', () => {
  const { run } = scaled();
  run(56, 10);
  const counts = run(0, 120);
  expect([...new Set(counts)]).toEqual([8, 4, 2, 1, 0]);
});

test('what was before the first replica does not count', () => {
  const { autoscaler, desired } = created();
  autoscaler.record(70, begun);
  autoscaler.activate(begun + 30 * second);
  autoscaler.record(1, begun + 30 * second);
  expect(desired(40 * second)).toBe(1);
});

test('of the second in which a span begins, a part counts', () => {
  const { autoscaler, desired } = created({ window: 10_000 });
  autoscaler.record(20, begun + 60.2 * second);
  autoscaler.record(0, begun + 60.7 * second);
  // Ten of them in the second from 60.0, of which a tenth is within the last second at 61.9.
  expect(desired(61.9 * second)).toBe(1);
  autoscaler.record(20, begun + 120.2 * second);
  autoscaler.record(0, begun + 120.7 * second);
  expect(desired(121 * second)).toBe(2);
});

test('a second that began before the first replica counts from there', () => {
  const { autoscaler, desired } = created();
  autoscaler.activate(begun + 0.5 * second);
  autoscaler.record(8, begun + 0.5 * second);
  expect(desired(1.5 * second)).toBe(2);
});

test('what is only a moment old is no average yet', () => {
  const { autoscaler, desired } = created();
  autoscaler.record(50, begun);
  expect(desired(100)).toBe(1);
  expect(desired(second)).toBe(8);
});
