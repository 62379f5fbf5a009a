import { readFile } from 'node:fs/promises';
import { parse, stringify } from 'yaml';
import { fieldOf, isFields } from './object.ts';
import { writeWhole } from './whole-file.ts';

const name = 'knative-local';

/** Writes a kubeconfig for this user alone; whoever has its token may do everything. */
export async function writeKubeconfig(
  path: string,
  { port, cert, token, namespace }: { port: number; cert: string; token: string; namespace: string },
): Promise<void> {
  await writeWhole(
    path,
    stringify({
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': name,
      clusters: [
        {
          name,
          cluster: { server: `https://127.0.0.1:${port}`, 'certificate-authority-data': Buffer.from(cert).toString('base64') },
        },
      ],
      users: [{ name, user: { token } }],
      contexts: [{ name, context: { cluster: name, user: name, namespace } }],
    }),
  );
}

/** The port of an earlier start, so that what people wrote down stays right; 0 if there is none. */
export async function earlierPort(path: string): Promise<number> {
  try {
    const clusters = fieldOf(parse(await readFile(path, 'utf8')), 'clusters');
    const [first] = Array.isArray(clusters) ? clusters.filter(isFields) : [];
    return Number(new URL(String(fieldOf(first, 'cluster.server'))).port);
  } catch {
    return 0;
  }
}
