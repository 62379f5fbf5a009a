import { expect, test } from 'vitest';
import { merged } from '../../../scripts/merged.ts';

test('a release adds to a pod and takes nothing away', () => {
  const pod = {
    containers: [
      {
        name: 'user-container',
        image: 'a',
        env: [{ name: 'FILTERS', value: 'grayscale' }],
        livenessProbe: { httpGet: { path: '/' } },
      },
    ],
    volumes: [{ name: 'certificates', secret: {} }],
  };
  const addition = {
    containers: [
      {
        env: [
          { name: 'FILTERS', value: 'sepia' },
          { name: 'ARCHIVE', value: 'true' },
        ],
        livenessProbe: { timeoutSeconds: 10 },
      },
    ],
    volumes: [{ name: 'tmp', emptyDir: {} }],
  };
  const result = {
    containers: [
      {
        name: 'user-container',
        image: 'a',
        env: [
          { name: 'FILTERS', value: 'sepia' },
          { name: 'ARCHIVE', value: 'true' },
        ],
        livenessProbe: { httpGet: { path: '/' }, timeoutSeconds: 10 },
      },
    ],
    volumes: [
      { name: 'certificates', secret: {} },
      { name: 'tmp', emptyDir: {} },
    ],
  };
  expect(merged(pod, addition)).toEqual(result);
  expect(merged(result, addition)).toEqual(result);
});
