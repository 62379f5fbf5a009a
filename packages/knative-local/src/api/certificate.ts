import { generate } from 'selfsigned';

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
