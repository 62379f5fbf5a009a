import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export interface Inbox {
  /** Mails by the address that they were sent to. */
  count(): Promise<Map<string, number>>;
  close(): void;
}

interface Mail {
  to: { address: string }[];
}

/** The inbox of overlays/kind, through a tunnel of kubectl's. */
export async function openInbox(namespace: string): Promise<Inbox> {
  const tunnel = spawn('kubectl', ['--namespace', namespace, 'port-forward', 'service/inbox', ':1080'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let port: string | undefined;
  for await (const line of createInterface(tunnel.stdout)) {
    port = /127\.0\.0\.1:(\d+)/.exec(line)?.[1];
    if (port) break;
  }
  if (!port) throw new Error('The inbox cannot be reached. See: kubectl get pods');
  return {
    async count() {
      const mails = (await (await fetch(`http://127.0.0.1:${port}/api/email`)).json()) as Mail[];
      const counts = new Map<string, number>();
      for (const { to } of mails) for (const { address } of to) counts.set(address, (counts.get(address) ?? 0) + 1);
      return counts;
    },
    close: () => void tunnel.kill(),
  };
}
