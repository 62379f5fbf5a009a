import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Inbox {
  /** Mails by the address that they were sent to. */
  count(): Promise<Map<string, number>>;
}

interface Mail {
  to: { address: string }[];
}

const attempts = 20;

/** The inbox of overlays/kind. Each look has a tunnel of its own: one that stays open ends with the node agent. */
export function openInbox(namespace: string): Inbox {
  return {
    async count() {
      for (let attempt = 1; ; attempt += 1) {
        try {
          const counts = new Map<string, number>();
          for (const { to } of await readMails(namespace))
            for (const { address } of to) counts.set(address, (counts.get(address) ?? 0) + 1);
          return counts;
        } catch (error) {
          if (attempt === attempts) throw error;
          await sleep(3000);
        }
      }
    },
  };
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
