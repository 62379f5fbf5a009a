import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Misconfigured } from '@darkroom/shared/errors';
import { bucketOf } from '@darkroom/shared/store/s3-location';
import { entriesOf } from '@darkroom/shared/store';
import { openStore } from '@darkroom/shared/store/open';

const keys = { AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'top-secret' };
const bucket = (url: string, environment = {}) => bucketOf(new URL(url), { ...keys, ...environment });

test.each([
  ['s3://photos?region=eu-central-1', {}, 'https://photos.s3.eu-central-1.amazonaws.com', '', 'eu-central-1'],
  ['s3://photos/a/b/', { AWS_REGION: 'eu-west-1' }, 'https://photos.s3.eu-west-1.amazonaws.com', 'a/b/', 'eu-west-1'],
  ['s3://photos', { AWS_DEFAULT_REGION: 'cn-north-1' }, 'https://photos.s3.cn-north-1.amazonaws.com.cn', '', 'cn-north-1'],
  ['s3://my.photos?region=eu-central-1', {}, 'https://s3.eu-central-1.amazonaws.com/my.photos', '', 'eu-central-1'],
  ['s3://photos/x?endpoint=http://minio:9000/', {}, 'http://minio:9000/photos', 'x/', 'us-east-1'],
  ['s3://photos', { AWS_ENDPOINT_URL_S3: 'https://s3.example.com/api' }, 'https://s3.example.com/api/photos', '', 'us-east-1'],
  ['s3://photos', { AWS_ENDPOINT_URL: 'https://a', AWS_ENDPOINT_URL_S3: 'https://b' }, 'https://b/photos', '', 'us-east-1'],
  [
    's3://photos?endpoint=http://mine&region=here',
    { AWS_ENDPOINT_URL_S3: 'https://b', AWS_REGION: 'there' },
    'http://mine/photos',
    '',
    'here',
  ],
  [
    's3://photos',
    { AWS_REGION: 'eu-west-1', AWS_ENDPOINT_URL_S3: '' },
    'https://photos.s3.eu-west-1.amazonaws.com',
    '',
    'eu-west-1',
  ],
])('%s with %j', (url, environment, address, prefix, region) => {
  expect(bucket(url, environment)).toMatchObject({ address, prefix, region });
});

test('a session token is used if there is one', () => {
  expect(bucket('s3://photos?region=a', { AWS_SESSION_TOKEN: 'token' }).credentials).toEqual({
    accessKeyId: 'id',
    secretAccessKey: 'top-secret',
    sessionToken: 'token',
  });
});

test.each([
  ['s3://photos', {}, 'AWS_REGION is missing'],
  [
    's3://photos?region=a',
    { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' },
    'AWS_ACCESS_KEY_ID is missing; AWS_SECRET_ACCESS_KEY is missing',
  ],
  ['s3:///prefix?region=a', {}, 'must name a bucket'],
  ['s3://photos.s3.eu-central-1.amazonaws.com', {}, 'must name the bucket alone, as in s3://bucket?region=eu-central-1'],
  ['s3://photos?regoin=a', { AWS_REGION: 'a' }, 'unknown parameter regoin'],
  ['s3://photos/a//b?region=a', {}, 'its path may contain only letters'],
  ['s3://photos/../b?region=a', {}, undefined],
  ['s3://id:top-secret@photos?region=a', {}, 'must not contain a user, password'],
  ['s3://photos:9000?region=a', {}, 'name a server with ?endpoint='],
  ['s3://photos?endpoint=minio:9000', {}, 'must be an http:// or https:// URL'],
  ['s3://photos?endpoint=http://id:top-secret@minio', {}, 'must be an http:// or https:// URL'],
  ['s3://photos?region=a/../b', {}, 'must be a name like eu-central-1'],
])('%s with %j: the error says what to change', (url, environment, message) => {
  const open = () => openStore(url, { ...keys, ...environment });
  if (message === undefined) return expect(open).not.toThrow();
  expect(open).toThrow(Misconfigured);
  expect(open).toThrow(message);
  expect(open).not.toThrow('top-secret');
});

test.each(['nonsense', '/data', 'http://x/y', 'file://host/folder', 'file:///a%2fb', ''])('%j is no store', (location) => {
  expect(() => openStore(location)).toThrow(Misconfigured);
  expect(() => openStore(location)).toThrow('Use file:/absolute/folder or s3://bucket/prefix.');
});

test('a folder may have any name', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ü %23 '));
  await openStore(`file:${folder.replaceAll('%', '%25')}`).write('key', Buffer.from('x'));
  expect((await entriesOf(openStore(`file:${folder.replaceAll('%', '%25')}/`), '')).size).toBe(1);
  await rm(folder, { recursive: true });
});
