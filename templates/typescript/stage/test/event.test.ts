import { randomUUID } from 'node:crypto';
import { resolve } from 'node:path';
import { jobCompleted } from '@darkroom/shared/events';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RunningFunction, startFunction } from '../../../packages/shared/test/support/function.ts';

let running: RunningFunction;
beforeAll(async () => {
  running = await startFunction(resolve(import.meta.dirname, '..'), {});
});
afterAll(() => running.stop());

test('it gets the attributes of an event', async () => {
  const job = randomUUID();
  expect(await running.deliver(jobCompleted({ job }, 'completed'))).toMatchObject({ status: 204, reply: undefined });
  await expect.poll(() => running.output()).toContain('heard dev.darkroom.job.completed');
  expect(running.output()).toMatch(new RegExp(`${job}.*outcome=completed`));
});
