import { unzipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startS3 } from '../../../shared/test/store-s3-server.ts';
import { photo } from '../../../shared/test/support/lab.ts';
import { type Darkroom, openDarkroom, type Status } from './darkroom.ts';

const server = await startS3();

describe.skipIf(!server)('the whole on a real S3 server (skipped without one: put versitygw on the PATH)', () => {
  let darkroom: Darkroom;
  beforeAll(async () => {
    darkroom = await openDarkroom({ ...server!.environment, STORE_URL: server!.url(), DOWNLOADS: 'redirect' });
  });
  afterAll(async () => {
    await darkroom.close();
    await server!.close();
  });

  test('makes prints, archive and mail, and leaves nothing on the local disk', async () => {
    const bytes = await photo('jpeg', { width: 800, height: 600 });
    const answer = await darkroom.post(
      [
        { name: 'a.jpg', bytes },
        { name: 'b.jpg', bytes },
      ],
      { tag: 'v2' },
    );
    const status = await darkroom.finished(((await answer.json()) as Status).job);
    expect(status).toMatchObject({ status: 'completed', mail: { status: 'sent' } });
    const archive = await fetch(darkroom.url + status.archiveFile!.href);
    // By a presigned address, from the server itself.
    expect(new URL(archive.url).searchParams.has('X-Amz-Signature')).toBe(true);
    expect(archive.headers.get('content-disposition')).toContain('attachment');
    const entries = unzipSync(await archive.bytes());
    expect(Object.keys(entries)).toHaveLength(7);
    expect(Buffer.from(entries['original/a.jpg']!).equals(bytes)).toBe(true);
    const print = await fetch(darkroom.url + status.images[1]!.results['sepia']!.href!);
    expect(print.headers.get('content-type')).toBe('image/jpeg');
  });

  test('a deleted job is gone from the bucket', async () => {
    const answer = await darkroom.post([{ name: 'a.jpg', bytes: await photo() }], { tag: 'v1' });
    const { job } = (await answer.json()) as Status;
    await darkroom.finished(job);
    expect((await fetch(`${darkroom.url}/jobs/${job}`, { method: 'DELETE' })).status).toBe(204);
    expect((await fetch(`${darkroom.url}/jobs/${job}`)).status).toBe(404);
  });
});
