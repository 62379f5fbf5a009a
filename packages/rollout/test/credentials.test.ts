import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { kubeconfigPath, readCredentials } from '../src/kubernetes/credentials.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kubeconfig-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function kubeconfig(cluster: object, user: object, context: object = {}): Promise<string> {
  const path = join(folder, 'config');
  const content = {
    'current-context': 'here',
    contexts: [
      { name: 'there', context: { cluster: 'gone', user: 'gone' } },
      { name: 'here', context: { cluster: 'c', user: 'u', ...context } },
    ],
    clusters: [{ name: 'c', cluster: { server: 'https://10.0.0.1:6443/', ...cluster } }],
    users: [{ name: 'u', user }],
  };
  await writeFile(path, stringify(content));
  return path;
}
const base64 = (text: string) => Buffer.from(text).toString('base64');

test('a token, and an authority in base64', async () => {
  const path = await kubeconfig({ 'certificate-authority-data': base64('authority') }, { token: 't' }, { namespace: 'photos' });
  expect(await readCredentials(path)).toEqual({
    server: 'https://10.0.0.1:6443',
    namespace: 'photos',
    tls: { ca: Buffer.from('authority') },
    token: 't',
  });
});

test('certificates and a token in files beside the kubeconfig', async () => {
  for (const name of ['ca', 'cert', 'key', 'token']) await writeFile(join(folder, name), `${name}\n`);
  const user = { 'client-certificate': 'cert', 'client-key': 'key', tokenFile: 'token' };
  const { tls, token, namespace } = await readCredentials(await kubeconfig({ 'certificate-authority': 'ca' }, user));
  expect(Object.fromEntries(Object.entries(tls).map(([name, content]) => [name, String(content)]))).toEqual({
    ca: 'ca\n',
    cert: 'cert\n',
    key: 'key\n',
  });
  expect([token, namespace]).toEqual(['token', 'default']);
});

test('a plugin that signs people in', async () => {
  const plugin = join(folder, 'plugin');
  await writeFile(
    plugin,
    `#!/bin/sh\necho "{\\"status\\": {\\"token\\": \\"$1 $WHO $(echo $KUBERNETES_EXEC_INFO | grep -o ExecCredential)\\"}}"\n`,
  );
  await chmod(plugin, 0o755);
  const exec = {
    apiVersion: 'client.authentication.k8s.io/v1',
    command: plugin,
    args: ['hello'],
    env: [{ name: 'WHO', value: 'me' }],
  };
  expect((await readCredentials(await kubeconfig({}, { exec }))).token).toBe('hello me ExecCredential');
});

test.each<[string, () => Promise<string>, RegExp]>([
  ['no file', async () => join(folder, 'none'), /Set KUBECONFIG/],
  ['another file', async () => (await writeFile(join(folder, 'other'), 'a: 1'), join(folder, 'other')), /is not a kubeconfig/],
  ['a context without its user', () => kubeconfig({}, {}, { user: 'nobody' }), /has no entry “nobody”.*use-context/],
])('%s: says what to do', async (_case, path, words) => {
  await expect(readCredentials(await path())).rejects.toThrow(words);
});

test('KUBECONFIG comes first, then the pod, then npm start', async () => {
  const local = await kubeconfig({}, {});
  expect(kubeconfigPath({ KUBECONFIG: '/a', KUBERNETES_SERVICE_HOST: '10.0.0.1' }, local)).toBe('/a');
  expect(kubeconfigPath({ KUBERNETES_SERVICE_HOST: '10.0.0.1' }, local)).toBeUndefined();
  expect(kubeconfigPath({}, local)).toBe(local);
  expect(kubeconfigPath({}, join(folder, 'none'))).toMatch(/\/\.kube\/config$/);
});
