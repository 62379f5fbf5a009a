import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { limits } from 'knative-local/limits';
import type { Plan } from 'knative-local/process/supervisor';

export interface InboxOptions {
  smtpPort: number;
  webPort: number;
  /** Where mails are kept; they survive a restart. */
  folder: string;
}

/** Catches every mail. Without it, jobs continue and their mails wait. */
export function inbox(options: InboxOptions, environment: Record<string, string>): Plan {
  const { webPort, folder } = options;
  const address = `http://127.0.0.1:${webPort}`;
  const health = { url: `${address}/api/healthz`, ...limits.probe };
  // It has little to do: no 48 MB of garbage need gather before V8 looks what is still in use.
  const command = [
    '--max-semi-space-size=1',
    fileURLToPath(new URL('inbox-program.ts', import.meta.url)),
    JSON.stringify(options),
  ];

  async function program() {
    await mkdir(folder, { recursive: true });
    return { command, folder, environment, address, readiness: health, liveness: health };
  }

  return { name: 'inbox', program, dispensable: true };
}
