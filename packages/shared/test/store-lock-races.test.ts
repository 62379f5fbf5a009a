import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStore } from '@darkroom/shared/store/open';
import { afterAll, test } from 'vitest';
import { testLock } from './lock-suite.ts';
import { startS3 } from './store-s3-server.ts';

const folder = await mkdtemp(join(tmpdir(), 'locks-'));
afterAll(() => rm(folder, { recursive: true, force: true }));
testLock('a lock in files', () => openStore(`file:${folder}`), { locks: 50, rounds: 4 });

const server = await startS3();
if (server) {
  afterAll(() => server.close());
  const url = server.url();
  testLock('a lock in S3', () => openStore(url, server.environment), { locks: 50, rounds: 4 });
} else {
  test.skip('a lock in S3 (no server: put versitygw on the PATH, or name one by S3_TEST_ENDPOINT and S3_TEST_BUCKET)', () => {});
}
