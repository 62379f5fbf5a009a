import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { limits } from '../limits.ts';
import type { Log } from '../log.ts';
import { type Supervised, supervise } from './supervisor.ts';

export interface InboxOptions {
  smtpPort: number;
  webPort: number;
  dataFolder: string;
  environment: Record<string, string>;
}

/** MailDev: real SMTP, a page to read on, and a REST interface. Mails are kept on disk and survive a restart. */
export function startInbox({ smtpPort, webPort, dataFolder, environment }: InboxOptions, log: Log): Supervised {
  const folder = join(dataFolder, 'inbox');
  const address = `http://127.0.0.1:${webPort}`;
  const bin = fileURLToPath(new URL('bin/maildev.js', import.meta.resolve('maildev')));
  const flags = {
    '--smtp': smtpPort,
    '--ip': '127.0.0.1',
    '--web': webPort,
    '--web-ip': '127.0.0.1',
    '--mail-directory': folder,
    '--max-message-size': limits.mailBytes,
  };

  async function program() {
    await mkdir(folder, { recursive: true });
    const command = [bin, '--silent', ...Object.entries(flags).flatMap(([flag, value]) => [flag, String(value)])];
    return { command, folder, environment, address, readiness: `${address}/api/healthz` };
  }

  return supervise({ name: 'inbox', program }, log);
}
