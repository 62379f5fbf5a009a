import type { Environment } from '../config.ts';
import { Misconfigured } from '../errors.ts';
import { isKey } from './key.ts';

export interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
}

/** Where the keys of a store are, and the credentials to reach them. */
export interface Bucket {
  /** The URL of the bucket itself, without a trailing slash. */
  address: string;
  /** Prepended to every key: "" or "some/folder/". */
  prefix: string;
  region: string;
  credentials: Credentials;
}

/**
 * Reads `s3://bucket/prefix?region=...&endpoint=...`, and the same environment variables as the AWS SDKs. The URL takes precedence.
 * @throws Misconfigured with every fault at once, and without secrets
 */
export function bucketOf(location: URL, environment: Environment = process.env): Bucket {
  const faults: string[] = [];
  const variable = (name: string) => environment[name] || undefined;
  const required = (name: string) => variable(name) ?? (faults.push(`${name} is missing`), '');

  const bucket = location.hostname;
  if (/\.amazonaws\.com(\.cn)?$/.test(bucket)) {
    faults.push('STORE_URL must name the bucket alone, as in s3://bucket?region=eu-central-1');
  } else if (!/^[a-zA-Z0-9][\w.-]{1,61}[a-zA-Z0-9]$/.test(bucket)) {
    faults.push('STORE_URL must name a bucket, as in s3://bucket/prefix');
  }
  if (location.username || location.password || location.port || location.hash) {
    faults.push('STORE_URL must not contain a user, password, port or fragment: name a server with ?endpoint=http://host:port');
  }
  const prefix = location.pathname.replace(/^\/+|\/+$/g, '');
  if (prefix && !isKey(prefix)) faults.push('STORE_URL: its path may contain only letters, digits, dots, dashes and underscores');
  const unknown = [...location.searchParams.keys()].filter((name) => !['endpoint', 'region'].includes(name));
  if (unknown.length > 0) faults.push(`STORE_URL: unknown parameter ${unknown.join(', ')}; use only region and endpoint`);

  const credentials = {
    accessKeyId: required('AWS_ACCESS_KEY_ID'),
    secretAccessKey: required('AWS_SECRET_ACCESS_KEY'),
    ...(variable('AWS_SESSION_TOKEN') && { sessionToken: variable('AWS_SESSION_TOKEN') as string }),
  };
  const endpoint = location.searchParams.get('endpoint') ?? variable('AWS_ENDPOINT_URL_S3') ?? variable('AWS_ENDPOINT_URL');
  if (endpoint && !isEndpoint(endpoint))
    faults.push('The endpoint of the store must be an http:// or https:// URL without user and query');
  const region =
    location.searchParams.get('region') ??
    variable('AWS_REGION') ??
    variable('AWS_DEFAULT_REGION') ??
    // Servers other than AWS accept what their clients say, or this.
    (endpoint ? 'us-east-1' : required('AWS_REGION'));
  if (region && !/^[a-z0-9-]+$/.test(region)) faults.push('The region of the store must be a name like eu-central-1');

  if (faults.length > 0) throw new Misconfigured(`The store in S3 cannot be opened: ${faults.join('; ')}.`);
  const address = endpoint ? `${endpoint.replace(/\/+$/, '')}/${bucket}` : addressInAws(bucket, region);
  return { address, prefix: prefix && `${prefix}/`, region, credentials };
}

function isEndpoint(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, search, hash } = new URL(text);
  return ['http:', 'https:'].includes(protocol) && !username && !search && !hash;
}

/** The bucket is part of the host name, unless its dots would not match the certificate. */
function addressInAws(bucket: string, region: string): string {
  const host = `s3.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`;
  return bucket.includes('.') ? `https://${host}/${bucket}` : `https://${bucket}.${host}`;
}
