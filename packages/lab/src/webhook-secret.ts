import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * The secret of this data folder, made at the first start: whoever tries out webhooks finds the same one each time. Only one runtime has
 * the folder.
 */
export async function ownWebhookSecret(dataFolder: string): Promise<string> {
  const file = join(dataFolder, 'webhook-secret');
  const known = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
  if (known) return known.trim();
  const secret = `whsec_${randomBytes(32).toString('base64')}`;
  await writeFile(file, `${secret}\n`, { mode: 0o600 });
  return secret;
}
