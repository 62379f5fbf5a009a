import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';

const repository = resolve(import.meta.dirname, '../../..');
const run = (command: string, ...words: string[]) => spawnSync(command, words, { cwd: repository, encoding: 'utf8' });

interface Manifest {
  kind: string;
  metadata: { name: string; namespace: string };
  data?: { [file: string]: string };
  spec?: { template?: { spec: { volumes: { configMap: { name: string } }[] } } };
}

test.skipIf(run('kubectl', 'version', '--client').error)('the Job carries the whole program (skipped without kubectl)', () => {
  expect(run(process.execPath, 'scripts/rollout-job.ts')).toMatchObject({ status: 0, stderr: '' });
  const { stdout, stderr } = run('kubectl', 'kustomize', 'config/rollout');
  expect(stderr).toBe('');
  const all = parseAllDocuments(stdout).map((document) => document.toJS() as Manifest);
  expect(all.every(({ metadata }) => metadata.namespace === 'darkroom')).toBe(true);
  const map = all.find(({ kind }) => kind === 'ConfigMap')!;
  const job = all.find(({ kind }) => kind === 'Job')!;
  expect(job.spec?.template?.spec.volumes.map(({ configMap }) => configMap.name)).toEqual([map.metadata.name]);
  // As it is mounted: one file, and nothing beside it.
  const program = spawnSync(process.execPath, ['--input-type=module', '-'], {
    cwd: '/',
    input: map.data!['rollout.mjs']!,
    encoding: 'utf8',
  });
  expect(program).toMatchObject({ status: 2 });
  expect(program.stderr).toContain('Usage: npm run rollout -- SERVICE --to');
});
