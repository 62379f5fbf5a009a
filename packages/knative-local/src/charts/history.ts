import { type Families, labelsOf } from '../metrics/exposition.ts';
import { limits } from '../limits.ts';

/** Samples of a name, put together for each combination of some labels. */
export interface Selection {
  names: string[];
  /** Only those whose labels have these values. */
  where?: Record<string, string> | undefined;
  by: string[];
  together: 'sum' | 'max';
}

/** The values of one combination of labels at all times; undefined where there were none. */
export interface Course {
  labels: Record<string, string>;
  values: (number | undefined)[];
}

/** The latest hour of what some charts need, in memory. */
export interface History {
  /** Milliseconds since 1970, ascending. */
  readonly times: readonly number[];
  take(families: Families, at: number): void;
  courses(selection: Selection): readonly Course[];
}

const keyOf = (selection: Selection) => JSON.stringify(selection);

/** @param selections all that will be asked for */
export function createHistory(selections: readonly Selection[]): History {
  const kept = new Map(
    selections.map((selection) => [keyOf(selection), { selection, courses: new Map<string, Course>() }] as const),
  );
  const times: number[] = [];

  function add(courses: Map<string, Course>, { names, where = {}, by, together }: Selection, families: Families): void {
    for (const name of names) {
      const family = families.get(name) ?? families.get(name.replace(/_(bucket|sum|count)$/, ''));
      for (const [series, value] of family?.samples ?? []) {
        if (!series.startsWith(`${name}{`)) continue;
        const all = labelsOf(series);
        if (Object.entries(where).some(([label, wanted]) => all[label] !== wanted)) continue;
        const labels = Object.fromEntries(by.map((label) => [label, all[label] ?? '']));
        const key = JSON.stringify(labels);
        let course = courses.get(key);
        if (!course) {
          // Whoever labels metrics with ids must not fill the memory.
          if (courses.size >= limits.chartCourses) continue;
          course = { labels, values: times.map(() => undefined) };
          courses.set(key, course);
        }
        const before = course.values[times.length - 1];
        course.values[times.length - 1] =
          before === undefined ? value : together === 'sum' ? before + value : Math.max(before, value);
      }
    }
  }

  function forget(): void {
    times.shift();
    for (const { courses } of kept.values()) for (const { values } of courses.values()) values.shift();
  }

  return {
    times,
    take(families, at) {
      // The clock was set back: what is known goes with it.
      const ahead = (times.at(-1) ?? -Infinity) - at;
      if (ahead >= 0) for (const index of times.keys()) times[index]! -= ahead + limits.metricsInterval;
      // One is older, so that there is something to compare the oldest with.
      while (times.length > 1 && times[1]! <= at - limits.chartTime) forget();
      times.push(at);
      for (const { selection, courses } of kept.values()) {
        for (const { values } of courses.values()) values.push(undefined);
        add(courses, selection, families);
      }
    },
    courses: (selection) => [...(kept.get(keyOf(selection))?.courses.values() ?? [])],
  };
}
