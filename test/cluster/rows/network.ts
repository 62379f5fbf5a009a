import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseAllDocuments } from 'yaml';
import { readFile } from 'node:fs/promises';
import { repository } from '../cluster.ts';
import type { Bench, Row } from '../row.ts';

interface Policy {
  metadata: { name: string };
}

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
  async verify(bench) {
    const { kubectl } = bench.cluster;
    const policies = parseAllDocuments(await readFile(join(repository, 'config/overlays/production/network.yaml'), 'utf8')).map(
      (document) => document.toJS() as Policy,
    );
    const folder = await mkdtemp(join(tmpdir(), 'network-'));
    try {
      await keepAwake(bench);
      const before = await tryAll(bench);
      await writeFile(join(folder, 'network.json'), JSON.stringify({ apiVersion: 'v1', kind: 'List', items: policies }));
      await kubectl.run(['apply', '--filename', join(folder, 'network.json')]);
      await sleep(5000);
      const after = await tryAll(bench);
      const enforced = after.some((reached, index) => reached !== before[index]);
      const seen = attempts
        .map(({ from, to }, index) => `${from} to ${to}: ${after[index] ? 'reached' : 'not reached'}`)
        .join(', ');
      if (!enforced) return { seen: `the network plugin of this cluster enforces no policies (${seen})`, faults: [] };
      const wrong = attempts.filter(({ allowed }, index) => after[index] !== allowed);
      return { seen, faults: wrong.map(({ from, to, allowed }) => `${from} ${allowed ? 'does not reach' : 'reaches'} ${to}`) };
    } finally {
      await rm(folder, { recursive: true });
      await kubectl.run(['delete', 'networkpolicies', '--ignore-not-found', ...policies.map(({ metadata }) => metadata.name)]);
    }
  },
};

async function keepAwake({ site }: Bench): Promise<void> {
  await site.request('GET', '/');
}

async function tryAll(bench: Bench): Promise<boolean[]> {
  const reached: boolean[] = [];
  for (const attempt of attempts) reached.push(await reaches(bench, attempt));
  return reached;
}

/** Opens a TCP connection out of a pod, by the Node that is in it. */
async function reaches({ cluster, site }: Bench, { from, to }: (typeof attempts)[number]): Promise<boolean> {
  const { kubectl } = cluster;
  await site.request('GET', '/');
  const target = {
    'grayscale pod': ['grayscale.' + kubectl.namespace + '.svc.cluster.local', 80],
    dns: ['kube-dns.kube-system.svc.cluster.local', 53],
    'inbox smtp': [`inbox.${kubectl.namespace}.svc.cluster.local`, 1025],
    broker: ['broker-ingress.knative-eventing.svc.cluster.local', 80],
  }[to] as [string, number];
  const script = `const s=require('net').connect({host:${JSON.stringify(target[0])},port:${target[1]}});s.setTimeout(3000,()=>{console.log('no');process.exit()});s.on('connect',()=>{console.log('yes');process.exit()});s.on('error',()=>{console.log('no');process.exit()})`;
  const pod = from === 'stranger' ? 'deployment/inbox' : await podOf(from);
  if (!pod) throw new Error(`There is no pod of ${from} to try from`);
  const container = from === 'stranger' ? 'maildev' : 'user-container';
  const answer = await kubectl.run(['exec', pod, '--container', container, '--', 'node', '-e', script]);
  return answer.includes('yes');

  async function podOf(service: string): Promise<string | undefined> {
    const [found] = (await cluster.pods(service)).filter(({ status }) => status.containerStatuses?.every(({ ready }) => ready));
    return found && `pod/${found.metadata.name}`;
  }
}
