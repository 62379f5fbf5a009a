import { createHash } from 'node:crypto';
import { afterEach, expect, test } from 'vitest';
import { readSettings } from '../src/settings.ts';
import { openServer, type ServerBench } from './server.ts';
import { formOf, jpeg, type Receipt } from './support.ts';

const digestOf = (key: string) => createHash('sha256').update(key).digest('hex');
const [shopKey, archiveKey] = ['shop-key-which-is-secret', 'archive-key-which-is-secret'];
const API_KEYS = `shop:${digestOf(shopKey)}, archive:${digestOf(archiveKey).toUpperCase()}`;

let bench: ServerBench;
async function open(environment: Record<string, string> = {}): Promise<void> {
  bench = await openServer({ API_KEYS, ...environment });
}
afterEach(async () => {
  expect(bench.ingest.output()).not.toMatch(/which-is-secret|[0-9a-f]{64}/i);
  await bench.close();
});

interface Sender {
  key?: string;
  authorization?: string;
  client?: string;
  headers?: Record<string, string>;
  name?: string;
}
const post = ({ key, authorization = key && `Bearer ${key}`, client = '192.0.2.1', headers = {}, name = 'a.jpg' }: Sender = {}) =>
  fetch(bench.ingest.url, {
    method: 'POST',
    headers: { 'x-forwarded-for': client, ...(authorization && { authorization }), ...headers },
    body: formOf(['file', { name, bytes: jpeg }]),
  });
const statusesOf = async (...senders: Sender[]) => {
  const statuses: number[] = [];
  for (const sender of senders) statuses.push((await post(sender)).status);
  return statuses;
};

test('a key that is known is taken, and so are posts without one', async () => {
  await open();
  expect(await statusesOf({}, { key: shopKey }, { key: archiveKey }, { authorization: `bearer  ${shopKey}` })).toEqual(
    Array(4).fill(202),
  );
});

test.each(['shop', digestOf(shopKey), `${shopKey}x`, shopKey.slice(0, -1), 'shop:', `shop:${digestOf(shopKey)}`])(
  '%s is no key: 401, and nothing is kept',
  async (key) => {
    await open();
    const response = await post({ key });
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe('Bearer realm="Darkroom", error="invalid_token"');
    expect(response.headers.get('content-type')).toContain('application/problem+json');
    expect(await response.json()).toMatchObject({ status: 401, detail: expect.stringContaining('not known here') as string });
    expect(await bench.left()).toEqual([]);
  },
);

test('where a key is required, a post without one is refused, and all else is open', async () => {
  await open({ API_KEYS_REQUIRED: 'true' });
  for (const sender of [{}, { authorization: 'Basic YTpi' }, { authorization: 'Bearer' }]) {
    const response = await post(sender);
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe('Bearer realm="Darkroom"');
    expect(await response.json()).toMatchObject({ detail: expect.stringContaining('Authorization: Bearer <key>') as string });
  }
  const { job } = (await (await post({ key: shopKey })).json()) as Receipt;
  expect((await fetch(`${bench.ingest.url}/jobs/${job}`)).status).toBe(200);
  const page = await (await fetch(bench.ingest.url)).text();
  expect(page).toContain('Photos can only be sent with an API key here');
  expect(page).toMatch(/<button id="send" disabled/);
  expect((await fetch(`${bench.ingest.url}/jobs/${job}`, { method: 'DELETE' })).status).toBe(204);
});

test('the page is as ever where none is required', async () => {
  await open();
  const page = await (await fetch(bench.ingest.url)).text();
  expect(page).not.toMatch(/API key|<button id="send" disabled|\/\*notice/);
});

test('a photo in pieces needs one to begin, and for each piece', async () => {
  await open({ API_KEYS_REQUIRED: 'true' });
  const send = (method: string, path: string, key: string | undefined, headers: Record<string, string>) =>
    fetch(bench.ingest.url + path, {
      method,
      headers: { 'tus-resumable': '1.0.0', ...(key && { authorization: `Bearer ${key}` }), ...headers },
      ...(method === 'PATCH' && { body: new Uint8Array(jpeg) }),
    });
  const begin = (key?: string) => send('POST', '/uploads', key, { 'upload-length': String(jpeg.length) });
  for (const response of [await begin(), await begin('shop')]) {
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toContain('Bearer');
  }
  expect(await bench.left()).toEqual([]);
  const path = (await begin(shopKey)).headers.get('location')!;
  const piece = { 'upload-offset': '0', 'content-type': 'application/offset+octet-stream' };
  expect((await send('PATCH', path, undefined, piece)).status).toBe(401);
  expect((await send('PATCH', path, shopKey, piece)).status).toBe(204);
  // Whoever knows its id may ask for it, and give it up.
  expect((await send('HEAD', path, undefined, {})).status).toBe(200);
  expect((await send('DELETE', path, undefined, {})).status).toBe(204);
});

test('each key has a share of its own, wherever it is used, and takes nothing from its address', async () => {
  await open({ CLIENT_POSTS: '1' });
  const [one, other] = ['192.0.2.1', '198.51.100.1'];
  expect(await statusesOf({ key: shopKey, client: one }, { key: shopKey, client: other })).toEqual([202, 429]);
  expect(await statusesOf({ key: archiveKey, client: one }, { client: one }, { client: one })).toEqual([202, 202, 429]);
});

test('a key has its share where clients are not told apart', async () => {
  await open({ CLIENT_POSTS: '1', TRUSTED_PROXIES: '' });
  expect(await statusesOf({}, {}, { key: shopKey }, { key: shopKey })).toEqual([202, 202, 202, 429]);
});

test('two keys may use the same Idempotency-Key', async () => {
  await open();
  const headers = { 'idempotency-key': 'order-1' };
  const jobs = new Set<string>();
  for (const sender of [{ key: shopKey }, { key: shopKey }, { key: archiveKey, name: 'b.jpg' }, { name: 'c.jpg' }]) {
    const response = await post({ ...sender, headers });
    expect(response.status).toBe(202);
    jobs.add(((await response.json()) as Receipt).job);
  }
  expect(jobs.size).toBe(3);
});

interface Described {
  paths: Record<string, Record<string, { security?: object[]; responses: Record<string, { headers?: object }> }>>;
  components: { securitySchemes?: object };
}
const described = async () => (await (await fetch(`${bench.ingest.url}/openapi.json`)).json()) as Described;

test.each([
  [{}, [{}, { apiKey: [] }]],
  [{ API_KEYS_REQUIRED: 'true' }, [{ apiKey: [] }]],
  [{ API_KEYS: '' }, undefined],
])('with %j, the description has what is needed', async (environment, security) => {
  await open(environment);
  const { paths, components } = await described();
  for (const operation of [paths['/']!['post']!, paths['/uploads']!['post']!, paths['/uploads/{upload}']!['patch']!]) {
    expect(operation.security).toEqual(security);
    expect(Object.hasOwn(operation.responses, '401')).toBe(security !== undefined);
  }
  expect(components.securitySchemes).toEqual(security && { apiKey: expect.objectContaining({ type: 'http', scheme: 'bearer' }) });
});

test('what is wrong with the settings is said without quoting them', async () => {
  await open();
  const settings = (more: Record<string, string>) => () =>
    readSettings({ STORE_URL: 'file:/x', K_SINK: 'http://x', FILTERS: 'sepia', ...more });
  expect(settings({ API_KEYS: shopKey })).toThrow(/^(?!.*which-is-secret).*API_KEYS: must be names, each with the SHA-256/);
  expect(settings({ API_KEYS: `${API_KEYS},shop:${digestOf('b')}` })).toThrow('API_KEYS: must give each key a name of its own');
  expect(settings({ API_KEYS_REQUIRED: 'true' })).toThrow('API_KEYS_REQUIRED=true needs API_KEYS');
});
