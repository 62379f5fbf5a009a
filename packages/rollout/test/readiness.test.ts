import { expect, test } from 'vitest';
import { services } from '../src/kubernetes/service.ts';

const queued = 'Requests to the target are being buffered as resources are provisioned.';

/** The conditions of a revision, as Knative 1.15 writes them. */
const readinessOf = (...conditions: object[]) =>
  services({ get: async () => ({ status: { conditions } }), patch: async () => undefined }, 'darkroom').readiness('ingest-v2');

const ready = { type: 'Ready', status: 'True' };

test('a revision that has scaled to zero is ready', async () => {
  const active = { type: 'Active', status: 'False', reason: 'NoTraffic', message: 'The target is not receiving traffic.' };
  expect(await readinessOf(active, ready)).toEqual({ ready: true });
});

test('a revision whose pods fall over stays ready for Knative, but requests wait', async () => {
  const active = { type: 'Active', status: 'Unknown', reason: 'Queued', message: queued };
  const healthy = { type: 'ContainerHealthy', status: 'True' };
  expect(await readinessOf(active, healthy, ready)).toEqual({ ready: false, certain: false, why: `Queued: ${queued}` });
});

test('a revision that never started is certainly not ready, and one that nobody has looked at may be yet', async () => {
  const failed = { type: 'Ready', status: 'False', reason: 'ExitCode1', message: 'Container failed with: no such file' };
  expect(await readinessOf(failed)).toEqual({
    ready: false,
    certain: true,
    why: 'ExitCode1: Container failed with: no such file',
  });
  expect(await readinessOf()).toMatchObject({ ready: false, certain: false });
});
