import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from '../cluster.ts';
import { post, settle } from '../people.ts';
import { repository } from '../repository.ts';
import type { Row } from '../row.ts';

const policies = join(repository, 'config/overlays/production/network.yaml');

/** What is tried from which pod, and whether the policies of overlays/production let it through. */
const attempts = [
  { from: 'stranger', to: 'grayscale pod', allowed: false },
  { from: 'grayscale', to: 'dns', allowed: true },
  { from: 'grayscale', to: 'inbox smtp', allowed: false },
  { from: 'grayscale', to: 'broker', allowed: false },
  { from: 'ingest', to: 'broker', allowed: true },
] as const;

export const networkRow: Row = {
  name: 'network',
  what: 'the NetworkPolicies of overlays/production: what each pod reaches',
  async verify({ cluster, site, inbox }) {
    const { kubectl } = cluster;
    // Wakes up functions that have no pod to try from.
    await settle(site, inbox, await post(site, { posts: 1, tag: 'v2' }));
    try {
      const before = await tryAll(cluster);
      await kubectl.run(['apply', '--filename', policies]);
      // The API does not say when a network plugin has put a policy into effect.
      await sleep(5000);
      const after = await tryAll(cluster);
      const enforced = after.some((reached, index) => reached !== before[index]);
      const seen = attempts
        .map(({ from, to }, index) => `${from} to ${to}: ${after[index] ? 'reached' : 'not reached'}`)
        .join(', ');
      if (!enforced) return { seen: `the network plugin of this cluster enforces no policies (${seen})`, faults: [] };
      const wrong = attempts.filter(({ allowed }, index) => after[index] !== allowed);
      return { seen, faults: wrong.map(({ from, to, allowed }) => `${from} ${allowed ? 'does not reach' : 'reaches'} ${to}`) };
    } finally {
      await kubectl.run(['delete', '--ignore-not-found', '--filename', policies]);
    }
  },
};

async function tryAll(cluster: Cluster): Promise<boolean[]> {
  const reached: boolean[] = [];
  for (const attempt of attempts) reached.push(await reaches(cluster, attempt));
  return reached;
}

/** Opens a TCP connection out of a pod, by the Node that is in it. */
async function reaches(cluster: Cluster, { from, to }: (typeof attempts)[number]): Promise<boolean> {
  const { kubectl } = cluster;
  const { host, port } = {
    'grayscale pod': { host: `grayscale.${kubectl.namespace}`, port: 80 },
    dns: { host: 'kube-dns.kube-system', port: 53 },
    'inbox smtp': { host: `inbox.${kubectl.namespace}`, port: 1025 },
    broker: { host: 'broker-ingress.knative-eventing', port: 80 },
  }[to];
  const script = `
    const socket = require('node:net').connect({ host: '${host}.svc.cluster.local', port: ${port}, timeout: 3000 });
    const end = (answer) => { console.log(answer); process.exit(); };
    socket.on('connect', () => end('yes')).on('timeout', () => end('no')).on('error', () => end('no'));`;
  const place = from === 'stranger' ? ['deployment/inbox'] : [await cluster.readyPod(from), '--container=user-container'];
  const answer = await kubectl.run(['exec', ...place, '--', 'node', '--eval', script]);
  return answer.includes('yes');
}
