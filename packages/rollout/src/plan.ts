import { Misconfigured } from '@darkroom/shared/errors';
import * as v from 'valibot';

/** What was asked for. */
export const plan = v.object({
  /** Percentages of the candidate, rising. */
  steps: v.pipe(v.array(v.number()), v.minLength(1)),
  /** Milliseconds that each step lasts at least. */
  every: v.number(),
  /** Milliseconds after which a step that has not convinced is given up. */
  timeout: v.number(),
  /** Milliseconds after which a job should have ended. */
  overdue: v.number(),
  /** How many times as long jobs of the candidate may take. */
  slower: v.number(),
});

export type Plan = v.InferOutput<typeof plan>;

const units: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** "2m", "30s", "1h" in milliseconds. @throws Misconfigured */
export function duration(option: string, text: string): number {
  const [, count, unit = ''] = /^(\d+)(ms|s|m|h)$/.exec(text) ?? [];
  if (count === undefined || Number(count) === 0)
    throw new Misconfigured(`--${option} ${text}: write a duration such as 30s, 2m or 1h.`);
  return Number(count) * units[unit]!;
}

/** "5,20,50,100". @throws Misconfigured */
export function readSteps(text: string): number[] {
  const steps = text.split(',').map(Number);
  const isRising = steps.every((step, index) => Number.isInteger(step) && step > (steps[index - 1] ?? 0) && step <= 100);
  if (!isRising)
    throw new Misconfigured(`--steps ${text}: write whole percentages that rise, from 1 to 100, such as 5,20,50,100.`);
  return steps;
}

/** "1.5". @throws Misconfigured */
export function readFactor(text: string): number {
  const factor = Number(text);
  if (!(factor >= 1 && factor <= 100)) throw new Misconfigured(`--slower ${text}: write a factor from 1 to 100, such as 1.5.`);
  return factor;
}
