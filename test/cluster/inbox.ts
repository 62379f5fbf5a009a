import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Kubectl } from '../../scripts/kubectl.ts';

export interface Inbox {
  look(): Promise<Contents>;
}

export interface Contents {
  /** Mails by the address that they were sent to. */
  counts: Map<string, number>;
  /** Whether the inbox has restarted since the last look. It keeps mails in memory, so it has forgotten those it had. */
  restarted: boolean;
}

interface Mail {
  to: { address: string }[];
}

const attempts = 20;

/** The inbox of overlays/kind. Each look has a tunnel of its own: one that stays open ends with the node agent. */
export async function openInbox(kubectl: Kubectl): Promise<Inbox> {
  let container = await containerOf(kubectl);
  return {
    async look() {
      for (let attempt = 1; ; attempt += 1) {
        try {
          const counts = new Map<string, number>();
          for (const { to } of await readMails(kubectl.namespace))
            for (const { address } of to) counts.set(address, (counts.get(address) ?? 0) + 1);
          const present = await containerOf(kubectl);
          const restarted = present !== container;
          container = present;
          return { counts, restarted };
        } catch (error) {
          if (attempt === attempts) throw error;
          await sleep(3000);
        }
      }
    },
  };
}

/** Its identity, which changes when it restarts. */
async function containerOf(kubectl: Kubectl): Promise<string> {
  const ids = '--output=jsonpath={.items[*].status.containerStatuses[*].containerID}';
  return kubectl.run(['get', 'pods', '--selector=app=inbox', ids]);
}

async function readMails(namespace: string): Promise<Mail[]> {
  const tunnel = spawn('kubectl', ['--namespace', namespace, 'port-forward', 'service/inbox', ':1080'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  try {
    for await (const line of createInterface(tunnel.stdout)) {
      const port = /127\.0\.0\.1:(\d+)/.exec(line)?.[1];
      if (port) return (await (await fetch(`http://127.0.0.1:${port}/api/email`)).json()) as Mail[];
    }
    throw new Error('The inbox cannot be reached. See: kubectl get pods');
  } finally {
    tunnel.kill();
  }
}
