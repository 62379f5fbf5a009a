import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, resolve } from 'node:path';
import { promisify } from 'node:util';
import { Misconfigured } from '@darkroom/shared/errors';
import * as v from 'valibot';
import { parse } from 'yaml';

/** How to reach a cluster, and as whom. */
export interface Credentials {
  /** https://127.0.0.1:6443 */
  server: string;
  namespace: string;
  tls: { ca?: Buffer | string; cert?: Buffer | string; key?: Buffer | string; rejectUnauthorized?: boolean; servername?: string };
  token?: string;
}

const pod = '/var/run/secrets/kubernetes.io/serviceaccount';

const text = v.exactOptional(v.string());
const kubeconfig = v.object({
  'current-context': v.string(),
  contexts: v.array(
    v.object({ name: v.string(), context: v.object({ cluster: v.string(), user: v.string(), namespace: text }) }),
  ),
  clusters: v.array(
    v.object({
      name: v.string(),
      cluster: v.object({
        server: v.string(),
        'certificate-authority': text,
        'certificate-authority-data': text,
        'insecure-skip-tls-verify': v.exactOptional(v.boolean()),
        'tls-server-name': text,
      }),
    }),
  ),
  users: v.array(
    v.object({
      name: v.string(),
      user: v.object({
        token: text,
        tokenFile: text,
        'client-certificate': text,
        'client-certificate-data': text,
        'client-key': text,
        'client-key-data': text,
        exec: v.exactOptional(
          v.object({
            apiVersion: v.string(),
            command: v.string(),
            args: v.nullish(v.array(v.string()), []),
            env: v.nullish(v.array(v.object({ name: v.string(), value: v.string() })), []),
          }),
        ),
      }),
    }),
  ),
});

/** The kubeconfig that kubectl would use; undefined within a pod. */
export function kubeconfigPath(environment: NodeJS.ProcessEnv, fallback: string): string | undefined {
  const { KUBECONFIG, KUBERNETES_SERVICE_HOST } = environment;
  if (KUBECONFIG) return resolve(KUBECONFIG);
  if (KUBERNETES_SERVICE_HOST) return undefined;
  const usual = resolve(homedir(), '.kube/config');
  return existsSync(fallback) ? fallback : usual;
}

/**
 * Reads them anew each time: `npm start` has others after each start, and those of a pod expire.
 * @param path of a kubeconfig; undefined for those of the pod in which this runs
 * @throws Misconfigured
 */
export async function readCredentials(path: string | undefined, environment = process.env): Promise<Credentials> {
  if (path === undefined) return ofPod(environment);
  const content = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new Misconfigured(`${path} cannot be read. Set KUBECONFIG to that of your cluster, or run npm start.`, { cause });
  });
  const result = v.safeParse(kubeconfig, parse(content));
  if (!result.success)
    throw new Misconfigured(`${path} is not a kubeconfig: ${result.issues[0].message}. Set KUBECONFIG to another.`);
  const { contexts, clusters, users, 'current-context': current } = result.output;
  const named = <Entry extends { name: string }>(entries: Entry[], name: string): Entry => {
    const entry = entries.find((each) => each.name === name);
    if (!entry) throw new Misconfigured(`${path} has no entry “${name}”. Choose a context: kubectl config use-context.`);
    return entry;
  };
  const { context } = named(contexts, current);
  const { cluster } = named(clusters, context.cluster);
  const { user } = named(users, context.user);
  /** Given in base64, or as a file beside the kubeconfig. */
  const given = async (data: string | undefined, file: string | undefined) => {
    if (data !== undefined) return Buffer.from(data, 'base64');
    return file === undefined ? undefined : readFile(resolve(dirname(path), file));
  };
  const own = user.exec ? await ofPlugin(user.exec, environment) : {};
  const [ca, cert, key, tokenText] = await Promise.all([
    given(cluster['certificate-authority-data'], cluster['certificate-authority']),
    own.clientCertificateData ?? given(user['client-certificate-data'], user['client-certificate']),
    own.clientKeyData ?? given(user['client-key-data'], user['client-key']),
    user.tokenFile === undefined ? undefined : readFile(resolve(dirname(path), user.tokenFile), 'utf8'),
  ]);
  const token = own.token ?? user.token ?? tokenText?.trim();
  const servername = cluster['tls-server-name'];
  return {
    server: cluster.server.replace(/\/$/, ''),
    namespace: context.namespace ?? 'default',
    tls: {
      ...(ca && { ca }),
      ...(cert && { cert }),
      ...(key && { key }),
      ...(cluster['insecure-skip-tls-verify'] && { rejectUnauthorized: false }),
      ...(servername !== undefined && { servername }),
    },
    ...(token !== undefined && { token }),
  };
}

async function ofPod({ KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port }: NodeJS.ProcessEnv): Promise<Credentials> {
  const read = (name: string) => readFile(`${pod}/${name}`, 'utf8');
  const [ca, token, namespace] = await Promise.all([read('ca.crt'), read('token'), read('namespace')]);
  const authority = host?.includes(':') ? `[${host}]` : host;
  return { server: `https://${authority}:${port}`, namespace: namespace.trim(), tls: { ca }, token: token.trim() };
}

const credential = v.object({
  status: v.object({ token: text, clientCertificateData: text, clientKeyData: text }),
});

/** What managed clusters use to sign people in: https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins */
async function ofPlugin(
  {
    apiVersion,
    command,
    args,
    env,
  }: { apiVersion: string; command: string; args: string[]; env: { name: string; value: string }[] },
  environment: NodeJS.ProcessEnv,
): Promise<v.InferOutput<typeof credential>['status']> {
  const asked = JSON.stringify({ apiVersion, kind: 'ExecCredential', spec: { interactive: false } });
  const added = Object.fromEntries(env.map(({ name, value }) => [name, value]));
  const { stdout } = await promisify(execFile)(command, args, { env: { ...environment, ...added, KUBERNETES_EXEC_INFO: asked } });
  return v.parse(credential, JSON.parse(stdout)).status;
}
