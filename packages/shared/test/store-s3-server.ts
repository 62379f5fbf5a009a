import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './support/function.ts';

export interface S3Server {
  /** The STORE_URL of a part of the bucket that nobody else uses. */
  url(): string;
  environment: Record<string, string>;
  /** Where its buckets are, if they are folders on this machine. */
  folder?: string;
  close(): Promise<void>;
}

/**
 * A real S3 server: the one named by S3_TEST_ENDPOINT and S3_TEST_BUCKET (with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY), or else
 * versitygw, from S3_TEST_SERVER or the PATH, started on a free port.
 * @returns undefined if there is neither
 */
export async function startS3(): Promise<S3Server | undefined> {
  const { S3_TEST_ENDPOINT: endpoint, S3_TEST_BUCKET: bucket, ...rest } = process.env;
  const keys = (id: string, secret: string) => ({ AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret });
  if (endpoint && bucket) {
    const environment = {
      ...keys(rest['AWS_ACCESS_KEY_ID'] ?? 'test', rest['AWS_SECRET_ACCESS_KEY'] ?? 'test'),
      AWS_REGION: rest['AWS_REGION'] ?? 'us-east-1',
    };
    return { url: () => `s3://${bucket}/${randomUUID()}?endpoint=${endpoint}`, environment, close: async () => {} };
  }
  const program = findServer();
  if (!program) return undefined;

  const folder = await mkdtemp(join(tmpdir(), 's3-'));
  await mkdir(join(folder, 'data/darkroom'), { recursive: true });
  await mkdir(join(folder, 'metadata'));
  const address = `127.0.0.1:${await freePort()}`;
  const options = ['--access', 'tester', '--secret', 'top-secret', '--port', address, '--quiet', '--keep-alive'];
  // Metadata goes next to the data, since not every file system has extended attributes.
  const child = spawn(program, [...options, 'posix', join(folder, 'data')], {
    stdio: 'ignore',
  });
  await answering(`http://${address}/`, child);
  return {
    url: () => `s3://darkroom/${randomUUID()}?endpoint=http://${address}`,
    environment: keys('tester', 'top-secret'),
    folder: join(folder, 'data'),
    async close() {
      child.kill();
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

function findServer(): string | undefined {
  const { S3_TEST_SERVER: named, PATH = '' } = process.env;
  return (
    named ??
    PATH.split(delimiter)
      .map((folder) => join(folder, 'versitygw'))
      .find((path) => existsSync(path))
  );
}

async function answering(url: string, child: ChildProcess): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`The S3 server ended with ${child.exitCode}`);
    // Any answer will do; this one is "who are you?".
    if (
      await fetch(url).then(
        () => true,
        () => false,
      )
    )
      return;
    await sleep(50);
  }
}
