import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';

/** What Knative's API answers, as far as it is read here. */
export interface Resource {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Record<string, string>; annotations?: Record<string, string> };
  spec?: unknown;
  status?: { conditions?: Condition[]; [field: string]: unknown };
}

interface Condition {
  type: string;
  status: 'True' | 'False' | 'Unknown';
  reason?: string;
  message?: string;
}

const mostAttempts = 20;

export type Kubectl = ReturnType<typeof openKubectl>;

/** kubectl against one namespace of the cluster that KUBECONFIG names. */
export function openKubectl(namespace: string) {
  /** @throws with what kubectl says, or with where to get it */
  async function run(args: string[], input = ''): Promise<string> {
    const child = spawn('kubectl', ['--namespace', namespace, ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
    const ended = new Promise<number | null>((resolve, reject) => {
      child.on('error', (cause) => reject(new Error('kubectl is not on the PATH. Install it and try again.', { cause })));
      child.on('close', resolve);
    });
    child.stdin.on('error', () => {});
    child.stdin.end(input);
    const [output, complaint, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
    if (code !== 0) throw new Error(`kubectl ${args.slice(0, 3).join(' ')}: ${complaint.trim()}`);
    return output;
  }

  async function get<Kind extends Resource>(kind: string, name: string): Promise<Kind | undefined> {
    const output = await run(['get', kind, name, '--ignore-not-found', '--output=json']);
    return output === '' ? undefined : (JSON.parse(output) as Kind);
  }

  return {
    namespace,
    run,
    get,
    async list<Kind extends Resource>(kind: string, selector = ''): Promise<Kind[]> {
      const output = await run(['get', kind, '--output=json', ...(selector ? ['--selector', selector] : [])]);
      return (JSON.parse(output) as { items: Kind[] }).items;
    },
    /**
     * Changes an existing object. Controllers write to it as well: if one does so in between, it is read again.
     * @returns what was written
     */
    async update<Kind extends Resource>(kind: string, name: string, change: (resource: Kind) => Kind): Promise<Kind> {
      for (let attempt = 1; ; attempt += 1) {
        const present = await get<Kind>(kind, name);
        if (!present)
          throw new Error(`There is no ${kind} ${name} in the namespace ${namespace} any more. Deploy it and try again.`);
        const changed = change(present);
        try {
          await run(['replace', '--filename=-'], JSON.stringify(changed));
          return changed;
        } catch (error) {
          if (attempt === mostAttempts || !String(error).includes('(Conflict)')) throw error;
        }
      }
    },
  };
}

export function condition(resource: Resource | undefined, type: string): Condition | undefined {
  return resource?.status?.conditions?.find((each) => each.type === type);
}
