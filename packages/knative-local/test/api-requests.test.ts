import { readFile } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { startRuntime } from '../src/runtime.ts';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { asked, fixtures } from './folders.ts';

/** What a client must never be able to harm, and what it is told. */
interface Kubeconfig {
  clusters: [{ cluster: { server: string; 'certificate-authority-data': string } }];
  users: [{ user: { token: string } }];
}

interface Asked {
  method?: string;
  path: string;
  body?: unknown;
  type?: string;
  headers?: Record<string, string>;
}

let folder: string;
let runtime: ReturnType<typeof startRuntime>;
let config: Kubeconfig;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'knative-local-api-'));
  await cp(fixtures, folder, { recursive: true });
  runtime = startRuntime({
    ...asked,
    config: [join(folder, 'config')],
    functions: join(folder, 'functions'),
    host: '127.0.0.1',
    port: 0,
    data: join(folder, 'data'),
    anotherPort: String,
    unavailable: 'Starting.',
    environment: ({ brokerUrl }) => ({ OUTPUT: join(folder, 'events'), K_SINK: brokerUrl }),
    log: () => undefined,
  });
  const { kubeconfig } = await runtime.started;
  config = parse(await readFile(kubeconfig!, 'utf8')) as Kubeconfig;
});
afterAll(async () => {
  await runtime.stop();
  await rm(folder, { recursive: true, force: true });
});

interface Answer {
  status: number;
  content: Record<string, unknown>;
}

function ask({ method = 'GET', path, body, type, headers = {} }: Asked): Promise<Answer> {
  const [{ cluster }] = config.clusters;
  const ca = Buffer.from(cluster['certificate-authority-data'], 'base64');
  const text = body === undefined || typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
  const given = {
    authorization: `Bearer ${config.users[0].user.token}`,
    ...(text !== undefined && { 'content-type': type ?? 'application/json', 'content-length': String(Buffer.byteLength(text)) }),
  };
  return new Promise((resolve, reject) => {
    const sent = request(
      cluster.server + path,
      { method, ca, agent: false, servername: 'localhost', headers: { ...given, ...headers } },
      (response) => {
        let answered = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (answered += chunk));
        response.on('end', () =>
          resolve({ status: response.statusCode!, content: JSON.parse(answered || '{}') as Answer['content'] }),
        );
      },
    );
    sent.on('error', reject);
    sent.end(text);
  });
}

const home = '/apis/eventing.knative.dev/v1/namespaces/default/triggers';
const services = '/apis/serving.knative.dev/v1/namespaces/default/services';
const revision = '/apis/serving.knative.dev/v1/namespaces/default/revisions/ingest-v1';
const maps = '/api/v1/namespaces/default/configmaps';
const trigger = (name: string, change: object = {}) => ({
  apiVersion: 'eventing.knative.dev/v1',
  kind: 'Trigger',
  metadata: { name },
  spec: { broker: 'default', subscriber: { ref: { kind: 'Service', name: 'stage' } } },
  ...change,
});
const merge = 'application/merge-patch+json';
const json = 'application/json-patch+json';
const apply = 'application/apply-patch+yaml';
const nested = (depth: number) => '{"a":'.repeat(depth) + '1' + '}'.repeat(depth);
const times = (length: number, value: object) => Array.from({ length }, () => value);
const post = (body: unknown, rest: Partial<Asked> = {}): Asked => ({ method: 'POST', path: home, body, ...rest });
const patch = (body: unknown, type = merge, path = `${home}/stage`): Asked => ({ method: 'PATCH', path, body, type });
const put = (body: unknown, path = `${home}/stage`): Asked => ({ method: 'PUT', path, body });
const named = (name: unknown) => trigger('x', { metadata: { name } });
const service = (spec: object) => ({ apiVersion: 'serving.knative.dev/v1', kind: 'Service', metadata: { name: 'ingest' }, spec });
const template = (containers: unknown, name = 'ingest-v9') => ({ metadata: { name }, spec: { containers } });
const one = [{ image: 'x/ingest' }];

const wrong: [number, string, Asked][] = [
  ...[{}, { authorization: '' }, { authorization: 'Bearer x' }, { authorization: 'Basic eDp4' }, { authorization: 'Bearer' }].map(
    (headers, index): [number, string, Asked] => [
      401,
      `no token, or a wrong one (${index})`,
      { path: home, headers: { authorization: 'none', ...headers } },
    ],
  ),
  ...['evil.example', 'evil.example:443', '10.0.0.1'].map((host): [number, string, Asked] => [
    403,
    `asked under the name ${host}`,
    { path: home, headers: { host } },
  ]),
  [403, 'asked by a page of another website', { path: home, headers: { origin: 'https://evil.example' } }],
  [403, 'asked by a page of another website, without a token', { path: '/version', headers: { 'sec-fetch-site': 'cross-site' } }],
  ...[
    '/',
    '/api/v2',
    '/apis/nothing.dev',
    '/apis/nothing.dev/v1',
    '/apis/serving.knative.dev/v9',
    '/api/v1/nodes',
    '/apis/apps/v1/deployments',
    '/api/v1/namespaces/default/nothing',
    `${home}/stage/scale`,
    `${home}/stage/log`,
    `${home}/a/b/c`,
    '/apis/eventing.knative.dev/v1/triggers/stage',
    '/apis/eventing.knative.dev/v2/namespaces/default/triggers',
    '/metrics',
    '/openapi/v3/apis/nothing.dev/v1',
    '/api/v1/namespaces/default/pods/none/exec',
    `${home}//`,
    '/apis/serving.knative.dev/v1beta1/services',
    '/api/v1/namespaces/default/services',
  ].map((path): [number, string, Asked] => [404, `no such path: ${path}`, { path }]),
  ...['none', 'a%2Fb', '..', 'x'.repeat(300)].map((name): [number, string, Asked] => [
    404,
    `no such object: ${name.slice(0, 9)}`,
    { path: `${home}/${encodeURIComponent(name)}` },
  ]),
  [404, 'an object of another namespace', { path: '/apis/eventing.knative.dev/v1/namespaces/other/triggers/stage' }],
  [
    404,
    'a new object in another namespace',
    post(trigger('x'), { path: '/apis/eventing.knative.dev/v1/namespaces/other/triggers' }),
  ],
  [404, 'a log of no pod', { path: '/api/v1/namespaces/default/pods/none/log' }],
  [404, 'a replacement of nothing', put(trigger('none'), `${home}/none`)],
  [404, 'a merge patch of nothing', patch({}, merge, `${home}/none`)],
  [404, 'a JSON patch of nothing', patch([], json, `${home}/none`)],
  [404, 'a deletion of nothing', { method: 'DELETE', path: `${home}/none` }],
  [404, 'a deletion of no pod', { method: 'DELETE', path: '/api/v1/namespaces/default/pods/none' }],
  [400, 'a path that is not text', { path: `${home}/%ff` }],
  ...['POST', 'PUT', 'DELETE', 'PATCH'].map((method): [number, string, Asked] => [
    405,
    `${method} to discovery`,
    { method, path: '/apis', ...(method !== 'DELETE' && { body: {} }) },
  ]),
  ...['PUT', 'PATCH', 'DELETE'].map((method): [number, string, Asked] => [
    405,
    `${method} to a list`,
    { method, path: home, ...(method !== 'DELETE' && { body: {} }) },
  ]),
  [405, 'POST to an object', { method: 'POST', path: `${home}/stage`, body: {} }],
  [405, 'OPTIONS', { method: 'OPTIONS', path: home }],
  ...['routes', 'configurations', 'revisions'].map((plural): [number, string, Asked] => [
    405,
    `a new one of ${plural}`,
    post({}, { path: `/apis/serving.knative.dev/v1/namespaces/default/${plural}` }),
  ]),
  [405, 'a new pod', post({}, { path: '/api/v1/namespaces/default/pods' })],
  [405, 'a new namespace', post({}, { path: '/api/v1/namespaces' })],
  [405, 'a patch of a route', patch({}, merge, '/apis/serving.knative.dev/v1/namespaces/default/routes/ingest')],
  [405, 'a deletion of a namespace', { method: 'DELETE', path: '/api/v1/namespaces/default' }],
  [405, 'a replacement of a status', put(trigger('stage'), `${home}/stage/status`)],
  [405, 'a patch of a status', patch({}, merge, `${home}/stage/status`)],
  ...['text/html', 'application/vnd.kubernetes.protobuf', 'image/*', 'application/json;as=Nothing'].map(
    (accept): [number, string, Asked] => [406, `wants ${accept}`, { path: home, headers: { accept } }],
  ),
  ...['text/plain', 'multipart/form-data', 'application/xml', 'application/merge-patch+json', ''].map(
    (type): [number, string, Asked] => [415, `posts ${type || 'no type'}`, post(trigger('x'), { type })],
  ),
  ...['text/plain', 'application/json', 'application/strategic-merge-patch+json', ''].map((type): [number, string, Asked] => [
    415,
    `patches with ${type || 'no type'}`,
    patch({}, type),
  ]),
  ...[
    '',
    ' ',
    '{',
    '[1,',
    '{"a":}',
    'null',
    '1',
    '"text"',
    '[]',
    nested(100),
    nested(50_000),
    '{"__proto__":{"a":1}}',
    '\u0000',
  ].map((body): [number, string, Asked] => [
    ['null', '1', '"text"', '[]'].includes(body) ? 422 : 400,
    `posts ${JSON.stringify(body.slice(0, 20))}`,
    post(body),
  ]),
  ...['{', '', nested(100), '{"metadata":{"__proto__":{}}}'].map((body): [number, string, Asked] => [
    400,
    `patches ${JSON.stringify(body.slice(0, 20))}`,
    patch(body),
  ]),
  ...['a: [', 'a: &x [*x', '%', 'a: b: c'].map((body): [number, string, Asked] => [
    400,
    `applies ${body}`,
    patch(body, apply, `${home}/x?fieldManager=m`),
  ]),
  [400, 'protobuf that is none', post(Buffer.from('k8s\0\xff\xff\xff'), { type: 'application/vnd.kubernetes.protobuf' })],
  [400, 'protobuf without its mark', post(Buffer.from('nothing'), { type: 'application/vnd.kubernetes.protobuf' })],
  ...[post, put].map((make): [number, string, Asked] => [
    413,
    'a body of 2 MiB',
    make(trigger('stage', { padding: 'x'.repeat(2 ** 21) })),
  ]),
  [413, 'a patch of 2 MiB', patch({ padding: 'x'.repeat(2 ** 21) })],
  [
    413,
    'copies that double',
    patch(
      [
        { op: 'add', path: '/metadata/labels', value: { a: 'x'.repeat(1000) } },
        ...Array.from({ length: 40 }, (_, index) => ({ op: 'copy', from: '/metadata', path: `/metadata/l${index}` })),
      ],
      json,
    ),
  ],
  ...[undefined, 1, '', 'Upper', 'a b', '../x', 'a'.repeat(300), '-a', null, {}].map((name): [number, string, Asked] => [
    422,
    `is called ${JSON.stringify(name)?.slice(0, 12)}`,
    post(named(name)),
  ]),
  ...[{ apiVersion: 'v1' }, { kind: 'Broker' }, { apiVersion: 'eventing.knative.dev/v2' }, { kind: 'Nothing' }].map(
    (change): [number, string, Asked] => [400, `is ${JSON.stringify(change)}`, post(trigger('x', change))],
  ),
  ...[
    { apiVersion: 1 },
    { kind: undefined },
    { metadata: undefined },
    { metadata: [] },
    { metadata: { name: 'x', labels: { a: 1 } } },
    { metadata: { name: 'x', annotations: 'a' } },
  ].map((change): [number, string, Asked] => [422, `has ${JSON.stringify(change)}`, post(trigger('x', change))]),
  [400, 'another name in the body', put(trigger('other'))],
  [400, 'another namespace in the body', post(trigger('x', { metadata: { name: 'x', namespace: 'other' } }))],
  [400, 'a patch of the name', patch({ metadata: { name: 'other' } })],
  [400, 'a patch of the kind', patch({ kind: 'Broker' })],
  [409, 'a name that is taken', post(trigger('stage'))],
  ...[{ resourceVersion: '1' }, { resourceVersion: 'x' }, { uid: 'x' }].map((metadata): [number, string, Asked] => [
    409,
    `outdated: ${JSON.stringify(metadata)}`,
    put(trigger('stage', { metadata: { name: 'stage', ...metadata } })),
  ]),
  [409, 'an outdated patch', patch({ metadata: { resourceVersion: '1' } })],
  [409, 'a deletion of another object', { method: 'DELETE', path: `${home}/stage`, body: { preconditions: { uid: 'x' } } }],
  [410, 'a watch from long ago', { path: `${home}?watch=true&resourceVersion=1` }],
  ...['resourceVersion=x', 'timeoutSeconds=-1', 'resourceVersion=1e9'].map((query): [number, string, Asked] => [
    400,
    `a watch with ${query}`,
    { path: `${home}?watch=true&${query}` },
  ]),
  ...['=', 'a=b=c', 'a in', '!', 'a,,=', 'a in (b', 'a b'].map((selector): [number, string, Asked] => [
    400,
    `a label selector ${selector}`,
    { path: `${home}?labelSelector=${encodeURIComponent(selector)}` },
  ]),
  ...['spec.broker=default', 'x', '=', 'metadata.name'].map((selector): [number, string, Asked] => [
    400,
    `a field selector ${selector}`,
    { path: `${home}?fieldSelector=${encodeURIComponent(selector)}` },
  ]),
  [400, 'a list that goes on from nowhere', { path: `${home}?limit=1&continue=bm93aGVyZQ` }],
  [400, 'another spec of a revision', patch({ spec: { containerConcurrency: 7 } }, merge, revision)],
  [422, 'a label for a revision', patch({ metadata: { labels: { a: 'b' } } }, merge, revision)],
  [404, 'a patch of no revision', patch({}, merge, `${revision}9`)],
  [400, 'a dry run of some', post(trigger('x'), { path: `${home}?dryRun=Some` })],
  [422, 'an apply without a manager', patch(trigger('x'), apply, `${home}/x`)],
  ...[
    '{}',
    {},
    [{}],
    [1],
    [{ op: 'nothing', path: '/spec' }],
    [{ op: 'remove', path: '/spec/none' }],
    [{ op: 'add', path: 'spec' }],
    [{ op: 'test', path: '/kind', value: 'x' }],
    [{ op: 'replace', path: '/spec/broker/deep', value: 1 }],
    [{ op: 'copy', from: '/none', path: '/spec/x' }],
    [{ op: 'move', from: 1, path: '/spec/x' }],
    [{ op: 'add', path: '/__proto__/x', value: 1 }],
  ].map((body): [number, string, Asked] => [
    Array.isArray(body) && body.every((each) => typeof each === 'object') ? 422 : 400,
    `a JSON patch ${JSON.stringify(body)}`,
    patch(body, json),
  ]),
  [413, 'a JSON patch of too many operations', patch(times(10_001, { op: 'test', path: '/kind', value: 'Trigger' }), json)],
  [413, 'copies of copies', patch(times(2000, { op: 'copy', from: '/metadata', path: '/metadata/x' }), json)],
  ...['x', 1, null, [], true].map((body): [number, string, Asked] => [
    400,
    `an apply of ${JSON.stringify(body)}`,
    patch(JSON.stringify(body), apply, `${home}/x?fieldManager=me`),
  ]),
  ...['x', 1, {}, [1], [null], [{ manager: 1, fieldsV1: {} }], [{ manager: 'me', fieldsV1: 'x' }]].map(
    (managedFields): [number, string, Asked] => [
      422,
      `managed fields ${JSON.stringify(managedFields)}`,
      post(trigger('x', { metadata: { name: 'x', managedFields } })),
    ],
  ),
  [413, 'YAML that takes long to parse', post('['.repeat(500_000), { type: 'application/yaml' })],
  [400, 'deep YAML', post('['.repeat(30_000), { type: 'application/yaml' })],
  [400, 'YAML of aliases', post(`a: &a [x]\nb: [${'*a, '.repeat(5000)}]`, { type: 'application/yaml' })],
  [
    400,
    'another spec of a revision, too large to compare',
    patch({ spec: { containers: [{ env: times(5000, { name: 'A', value: 'b' }) }] } }, merge, revision),
  ],
  [422, 'a directive', patch({ data: { $patch: 'replace' } }, 'application/strategic-merge-patch+json', `${maps}/settings`)],
  [422, 'a value that is no text', patch({ data: { GREETING: 1 } }, merge, `${maps}/settings`)],
  [422, 'a ConfigMap that a function needs, gone', { method: 'DELETE', path: `${maps}/settings` }],
  [
    422,
    'a Broker that Triggers need, gone',
    { method: 'DELETE', path: '/apis/eventing.knative.dev/v1/namespaces/default/brokers/default' },
  ],
  [422, 'the public service, gone', { method: 'DELETE', path: `${services}/ingest` }],
  [422, 'a function that a Trigger needs, gone', { method: 'DELETE', path: `${services}/stage` }],
  [
    422,
    'a revision in use, gone',
    { method: 'DELETE', path: '/apis/serving.knative.dev/v1/namespaces/default/revisions/ingest-v1' },
  ],
  ...[
    undefined,
    {},
    { broker: 'default' },
    { broker: 'none', subscriber: { uri: 'http://x' } },
    { broker: 'default', subscriber: {} },
    { broker: 'default', subscriber: { uri: 'ftp://x' } },
    { broker: 'default', subscriber: { uri: 'http://[::1' } },
    { broker: 'default', subscriber: { ref: { kind: 'Service', name: 'none' } } },
    { broker: 'default', subscriber: { ref: { kind: 'Deployment', name: 'stage' } } },
    { broker: 1, subscriber: { uri: 'http://x' } },
    { broker: 'default', subscriber: { uri: 'http://x' }, unknown: 1 },
    { broker: 'default', subscriber: { uri: 'http://x' }, filters: [{ cesql: 'a' }] },
    { broker: 'default', subscriber: { uri: 'http://x' }, filter: { attributes: { 'a-b': 'c' } } },
    { broker: 'default', subscriber: { uri: 'http://x' }, delivery: { retry: -1 } },
    { broker: 'default', subscriber: { uri: 'http://x' }, delivery: { timeout: 'soon' } },
    'text',
    [],
  ].map((spec): [number, string, Asked] => [
    422,
    `a Trigger with the spec ${JSON.stringify(spec)?.slice(0, 90)}`,
    post(trigger('x', { spec })),
  ]),
  ...[
    {},
    { template: 1 },
    { template: {} },
    { template: template([]) },
    { template: template([...one, ...one]) },
    { template: template(one, 'other-v1') },
    { template: template(one, 'ingest-v1') },
    { template: template([{ image: 'x/ingest', env: [{ name: 'A', value: 1 }] }]) },
    { template: template([{ image: 'x/ingest', env: [{ name: 'A', value: 'a\0b' }] }]) },
    { template: template([{ image: 'x/ingest', env: [{ name: 'A=B', value: 'c' }] }]) },
    { template: template([{ image: 'x/ingest', env: [{ name: '', value: 'c' }] }]) },
    { template: template([{ image: 'x/ingest', env: [{ name: 'A', value: 'x'.repeat(900_000) }] }], 'ingest-large') },
    { template: template([{ image: 'x/ingest', envFrom: [{ configMapRef: { name: 'none' } }] }]) },
    { template: template(one), traffic: [{ latestRevision: true, percent: 99 }] },
    { template: template(one), traffic: [{ revisionName: 'none', percent: 100 }] },
    { template: template(one), traffic: [{ latestRevision: true, percent: 101 }] },
    {
      template: template(one),
      traffic: [
        { latestRevision: true, percent: 50.5 },
        { revisionName: 'ingest-v1', percent: 49.5 },
      ],
    },
    { template: template(one), traffic: [{ latestRevision: true, percent: 100, tag: 'A' }] },
    {
      template: template(one),
      traffic: [
        { latestRevision: true, percent: 100, tag: 'a' },
        { revisionName: 'ingest-v1', tag: 'a' },
      ],
    },
    { template: template(one), traffic: [{ percent: -1 }, { percent: 101 }] },
  ].map((spec): [number, string, Asked] => [
    422,
    `a Service with the spec ${JSON.stringify(spec).slice(0, 90)}`,
    put(service(spec), `${services}/ingest`),
  ]),
  [
    422,
    'a Service of no function',
    post(
      { ...service({ template: template([{ image: 'x/none' }], 'none-v1') }), metadata: { name: 'none' } },
      { path: services },
    ),
  ],
  [
    422,
    'a Secret that is not base64',
    post(
      { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'x' }, data: { a: 'as it is' } },
      { path: '/api/v1/namespaces/default/secrets' },
    ),
  ],
  [
    422,
    'a schedule that is none',
    post(
      {
        apiVersion: 'sources.knative.dev/v1',
        kind: 'PingSource',
        metadata: { name: 'x' },
        spec: { schedule: 'soon', sink: { uri: 'http://x' } },
      },
      { path: '/apis/sources.knative.dev/v1/namespaces/default/pingsources' },
    ),
  ],
];

/** Everything that a client can change, and whether the functions answer. */
async function state(): Promise<unknown> {
  const lists = [
    home,
    services,
    maps,
    '/apis/eventing.knative.dev/v1/brokers',
    '/apis/serving.knative.dev/v1/revisions',
    '/apis/sources.knative.dev/v1/pingsources',
  ];
  const found = await Promise.all(lists.map((path) => ask({ path })));
  const { port } = await runtime.started;
  return [...found.map(({ content }) => content['items']), (await fetch(`http://127.0.0.1:${port}/health/readiness`)).status];
}

test(`${wrong.length} wrong requests: each gets a Status that says what is wrong, and nothing changes`, async () => {
  const before = await state();
  const surprises: unknown[] = [];
  for (const [expected, what, asking] of wrong) {
    const { status, content } = await ask(asking);
    const { kind, code, message, reason, status: outcome } = content;
    const proper =
      kind === 'Status' &&
      outcome === 'Failure' &&
      code === status &&
      typeof message === 'string' &&
      message !== '' &&
      typeof reason === 'string';
    if (!proper || status !== expected) surprises.push({ what, expected, status, content });
  }
  expect(surprises).toEqual([]);
  expect(await state()).toEqual(before);
  // What is posted still goes through all stages.
  const arrived = () => readFile(join(folder, 'events'), 'utf8').catch(() => '');
  expect(await arrived()).not.toContain('test.finished');
  const { port } = await runtime.started;
  await fetch(`http://127.0.0.1:${port}/publish`, { method: 'POST' });
  await expect.poll(arrived).toContain('test.finished');
  expect(wrong.length).toBeGreaterThanOrEqual(200);
});

test('no request is a copy of another', () => {
  const texts = wrong.map(([, , { body, ...rest }]) =>
    JSON.stringify({ ...rest, body: Buffer.isBuffer(body) ? body.toString('hex') : body }),
  );
  expect(texts.filter((text, index) => texts.indexOf(text) !== index)).toEqual([]);
});

test('what a client says it manages cannot reach what all objects have', async () => {
  const managedFields = [{ manager: 'me', operation: 'Apply', fieldsV1: { 'f:__proto__': { 'f:toString': {} } } }];
  await ask(post(trigger('managed', { metadata: { name: 'managed', managedFields } })));
  const applied = await ask(patch(trigger('managed'), apply, `${home}/managed?fieldManager=me`));
  expect(applied.status).toBe(200);
  expect(Object.hasOwn(Object.prototype, 'toString')).toBe(true);
  await ask({ method: 'DELETE', path: `${home}/managed` });
});

test('a client that changes large objects again and again does not fill the memory', async () => {
  const map = (text: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'large' }, data: { text } });
  const { content } = await ask({ path: maps });
  const from = (content['metadata'] as { resourceVersion: string }).resourceVersion;
  await ask(post(map(''), { path: maps }));
  for (let index = 0; index < 40; index += 1) await ask(put(map(`${index}${'x'.repeat(1_000_000)}`), `${maps}/large`));
  expect((await ask({ path: `${maps}?watch=true&resourceVersion=${from}` })).status).toBe(410);
  await ask({ method: 'DELETE', path: `${maps}/large` });
});

test('a changed revision is refused as by the webhook of a cluster', async () => {
  const { content } = await ask(patch({ spec: { containerConcurrency: 7 } }, merge, revision));
  expect(content).toMatchObject({
    reason: 'BadRequest',
    message:
      'admission webhook "validation.webhook.serving.knative.dev" denied the request: validation failed: Immutable fields changed (-old +new): spec\nspec.containerConcurrency:\n\t+: 7',
  });
  expect((await ask(patch({}, merge, revision))).status).toBe(200);
});

test('a list comes in pieces of the size that is asked for, all as of the first', async () => {
  const names = ({ content }: Answer) =>
    (content['items'] as { metadata: { name: string } }[]).map(({ metadata }) => metadata.name);
  for (const name of ['b', 'a', 'c']) await ask(post(trigger(name)));
  const [, , ...others] = names(await ask({ path: home }));
  const first = await ask({ path: `${home}?limit=2` });
  expect(names(first)).toEqual(['a', 'b']);
  expect(first.content['metadata']).toMatchObject({ remainingItemCount: others.length });
  await ask({ method: 'DELETE', path: `${home}/c` });
  await ask(post(trigger('d')));
  await ask(patch({ metadata: { labels: { late: 'yes' } } }));
  const { continue: token, resourceVersion } = first.content['metadata'] as Record<string, string>;
  const second = await ask({ path: `${home}?limit=9&continue=${token}` });
  expect(others.slice(0, 1)).toEqual(['c']);
  expect(names(second)).toEqual(others);
  expect(second.content['metadata']).toEqual({ resourceVersion });
  expect(JSON.stringify(second.content)).not.toContain('late');
  expect(names(await ask({ path: home }))).toEqual(['a', 'b', 'collector', 'd', 'stage']);
  for (const name of ['a', 'b', 'd']) await ask({ method: 'DELETE', path: `${home}/${name}` });
});

test('the token and what clients said are for this user alone', async () => {
  const { stat } = await import('node:fs/promises');
  await ask(post(trigger('kept')));
  for (const file of ['kubeconfig', 'control-plane.json'])
    expect((await stat(join(folder, 'data', file))).mode & 0o777).toBe(0o600);
  expect(await ask({ method: 'DELETE', path: `${home}/kept` })).toMatchObject({
    status: 200,
    content: { kind: 'Status', status: 'Success' },
  });
});
