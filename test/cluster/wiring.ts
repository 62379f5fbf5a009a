import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { type Kubectl, openKubectl, type Resource } from '../../scripts/kubectl.ts';
import { repository } from './repository.ts';
import type { Settings } from './settings.ts';

/** Applies overlays/kind, with the addresses that it has in this namespace. */
export async function applyWiring(kubectl: Kubectl, settings: Settings): Promise<void> {
  const { namespace } = kubectl;
  const domain = await domainOf();
  const folder = await mkdtemp(join(tmpdir(), 'wiring-'));
  const settingsPatch = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'darkroom', namespace: 'darkroom' },
    data: {
      K_SINK: `http://broker-ingress.knative-eventing.svc.cluster.local/${namespace}/default`,
      PUBLIC_URL: `http://ingest.${namespace}.${domain}`,
      // The verification is one client with the posts of hundreds.
      CLIENT_POSTS: '0',
      CLIENT_BYTES: '0',
    },
  };
  const replaced = (name: string, image: string | undefined) => {
    const [, newName, newTag] = /^(.*):([^:/]+)$/.exec(image ?? '') ?? [];
    return newName ? [{ name, newName, newTag }] : [];
  };
  const kustomization = {
    namespace,
    resources: [relative(folder, join(repository, 'config/overlays/kind'))],
    patches: [{ patch: JSON.stringify(settingsPatch) }],
    images: [
      ...replaced('ghcr.io/versity/versitygw', settings.STORE_IMAGE),
      ...replaced('maildev/maildev', settings.INBOX_IMAGE),
    ],
  };
  await writeFile(join(folder, 'kustomization.yaml'), JSON.stringify(kustomization));
  await kubectl.run(['apply', '--kustomize', folder]);
  await rm(folder, { recursive: true });
  await kubectl.run(['rollout', 'status', 'deployment/store', 'deployment/inbox', '--timeout=180s']);
}

/** The domain under which Serving gives Services their addresses. */
async function domainOf(): Promise<string> {
  const config = await openKubectl('knative-serving').get<Resource & { data: Record<string, string> }>(
    'configmap',
    'config-domain',
  );
  const domains = Object.entries(config?.data ?? {}).filter(
    ([name, selector]) => !name.startsWith('_') && !selector.includes('selector'),
  );
  return domains[0]?.[0] ?? 'svc.cluster.local';
}
