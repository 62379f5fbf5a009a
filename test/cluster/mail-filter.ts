import { rolldown } from 'rolldown';
import { join } from 'node:path';
import type { Kubectl } from '../../scripts/kubectl.ts';
import { repository } from './repository.ts';

const name = 'mail-filter';

/** Takes the place of the inbox: a mail server that refuses mails about sepia prints. */
export async function deployMailFilter(kubectl: Kubectl, image: string): Promise<AsyncDisposable> {
  const select = (app: string) =>
    kubectl.run(['patch', 'service', 'inbox', '--patch', JSON.stringify({ spec: { selector: { app } } })]);
  const program = await bundled();
  const items = [
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { 'index.mjs': program } },
    { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name }, spec: deployment(image) },
  ];
  await kubectl.run(['create', '--filename=-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
  await kubectl.run(['rollout', 'status', `deployment/${name}`, '--timeout=180s']);
  await select(name);
  return {
    async [Symbol.asyncDispose]() {
      await select('inbox');
      await kubectl.run(['delete', 'deployment,configmap', name]);
    },
  };
}

function deployment(image: string): object {
  const labels = { app: name };
  const container = {
    name,
    image,
    command: ['node', '/program/index.mjs'],
    readinessProbe: { tcpSocket: { port: 1025 } },
    volumeMounts: [{ name: 'program', mountPath: '/program' }],
  };
  const volumes = [{ name: 'program', configMap: { name } }];
  return { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers: [container], volumes } } };
}

async function bundled(): Promise<string> {
  const bundle = await rolldown({ input: join(repository, 'test/cluster/mail-filter-main.ts'), platform: 'node' });
  const { output } = await bundle.generate({ format: 'esm', codeSplitting: false, minify: true });
  await bundle.close();
  return output[0].code;
}
