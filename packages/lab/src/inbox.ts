import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Plan } from 'knative-local/process/supervisor';

export interface InboxOptions {
  smtpPort: number;
  webPort: number;
  dataFolder: string;
  environment: Record<string, string>;
}

/** Bytes of a mail with its attachments. */
const largestMail = 64 * 1024 * 1024;

/** MailDev: real SMTP, a page to read on, and a REST interface. Mails are kept on disk and survive a restart. */
export function inbox({ smtpPort, webPort, dataFolder, environment }: InboxOptions): Plan {
  const folder = join(dataFolder, 'inbox');
  const address = `http://127.0.0.1:${webPort}`;
  const bin = fileURLToPath(new URL('bin/maildev.js', import.meta.resolve('maildev')));
  const flags = {
    '--smtp': smtpPort,
    '--ip': '127.0.0.1',
    '--web': webPort,
    '--web-ip': '127.0.0.1',
    '--mail-directory': folder,
    '--max-message-size': largestMail,
  };

  async function program() {
    await mkdir(folder, { recursive: true });
    const command = [bin, '--silent', ...Object.entries(flags).flatMap(([flag, value]) => [flag, String(value)])];
    return { command, folder, environment, address, readiness: `${address}/api/healthz` };
  }

  return { name: 'inbox', program };
}
