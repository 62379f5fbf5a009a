import { readFile } from 'node:fs/promises';
import { generate } from 'selfsigned';
import { parse, stringify } from 'yaml';
import { writeWhole } from '../whole-file.ts';
import { fieldOf, isFields } from './model/object.ts';

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

export interface Certificate {
  /** PEM. */
  key: string;
  cert: string;
}

/** A certificate of its own for every start, in the kubeconfig with the token: kubectl sends no token to an address without TLS. */
export async function createCertificate(now: number): Promise<Certificate> {
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'knative-local' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    // A clock that is set back a little must not void it.
    notBeforeDate: new Date(now - day),
    notAfterDate: new Date(now + 365 * day),
    extensions: [
      { name: 'basicConstraints', cA: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 7, ip: '127.0.0.1' },
          { type: 2, value: 'localhost' },
        ],
      },
    ],
  });
  return { key, cert };
}

const day = 24 * 60 * 60 * 1000;
