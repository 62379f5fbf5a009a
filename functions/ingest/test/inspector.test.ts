import { afterEach, beforeEach, expect, test } from 'vitest';
import { childrenOf } from '../../../packages/shared/test/support/processes.ts';
import { type Bench, formOf, jpeg, openBench, spools, until } from './support.ts';

// Headers are read by native code in processes of their own. Linux only: they are found in /proc.
let bench: Bench;
beforeEach(async () => {
  bench = await openBench();
});
afterEach(() => bench.close());

const send = () => {
  const body = formOf(['email', 'a@example.org'], ['file', { name: 'a.jpg', bytes: jpeg }]);
  return fetch(bench.ingest.url, { method: 'POST', body }).then(({ status }) => status);
};
const inspectors = () => childrenOf(bench.ingest.pid);

test('a process that dies between two photos, or over one, takes no upload down with it', async () => {
  expect(await send()).toBe(202);
  const [first] = inspectors();
  process.kill(first!, 'SIGKILL');
  expect(await send()).toBe(202);

  // One that stands still over a photo, as a hanging decoder does, and then dies: what waits is inspected by a new one.
  const [second] = inspectors();
  process.kill(second!, 'SIGSTOP');
  const waiting = [send(), send()];
  await until(async () => (await spools(bench.lab)).length === 2);
  process.kill(second!, 'SIGKILL');
  expect(await Promise.all(waiting)).toEqual([202, 202]);
});

test('one that stands still is replaced, and no photo is refused for it', async () => {
  expect(await send()).toBe(202);
  process.kill(inspectors()[0]!, 'SIGSTOP');
  expect(await Promise.all([send(), send()])).toEqual([202, 202]);
});

test('all end with ingest', async () => {
  expect(await send()).toBe(202);
  const [inspector] = inspectors();
  expect(await bench.ingest.stop()).toBe(0);
  await until(() => !isAlive(inspector!));
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
