import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { eventually } from './broker-suite/subject.ts';
import { tagged, text } from './client.ts';
import { clientsOf, follow, hasKn, hasKubectl } from './cluster-clients.ts';
import { type Command, finish, readyCommand } from './command.ts';
import { buildProject } from './folders.ts';

/** The real kubectl and kn against a runtime. Where they cannot be had, these tests are skipped. */
let project: string;
let command: Command & { url: string };
let { kubectl, kn } = clientsOf('');
beforeAll(async () => {
  project = await buildProject();
  ({ kubectl, kn } = clientsOf(project));
  await start();
});
afterAll(async () => {
  await finish(command);
  await rm(project, { recursive: true, force: true });
});

async function start(more: string[] = []): Promise<void> {
  command = await readyCommand(project, {}, more);
}

/** Back to what the files say. */
beforeEach(async ({ task }) => {
  if (task.mode === 'skip') return;
  await finish(command);
  await rm(join(project, '.knative-local/control-plane.json'), { force: true });
  await start();
});

const withKubectl = test.skipIf(!hasKubectl);
const withKn = test.skipIf(!hasKn);
const rows = (output: string) =>
  output
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s{2,}/));
const trigger = (name: string, type: string) =>
  `apiVersion: eventing.knative.dev/v1\nkind: Trigger\nmetadata: { name: ${name} }\nspec:\n  broker: default\n  filter: { attributes: { type: ${type} } }\n  subscriber: { ref: { apiVersion: serving.knative.dev/v1, kind: Service, name: tally } }\n`;

withKubectl('kubectl finds what the files say, and they are nothing new (skipped without kubectl)', async () => {
  const services = await kubectl('get ksvc');
  expect(rows(services.output)).toEqual([
    ['hello', command.url, 'hello-v2', 'hello-v2', 'True'],
    ['shout', 'http://shout.default.svc.cluster.local', 'shout-00001', 'shout-00001', 'True'],
    ['tally', 'http://tally.default.svc.cluster.local', 'tally-00001', 'tally-00001', 'True'],
  ]);
  expect((await kubectl('get triggers -o name')).output).toBe(
    'trigger.eventing.knative.dev/shout\ntrigger.eventing.knative.dev/tally\n',
  );
  const applied = await kubectl('apply -f config/triggers.yaml -f config/broker.yaml');
  expect(applied.output.match(/ unchanged\n/g)).toHaveLength(3);
  expect((await kubectl('get triggers -o name --chunk-size=1')).output.match(/\n/g)).toHaveLength(2);
  // Several documents for one Service: what one leaves out is another's, and kubectl has nothing to warn of.
  expect((await kubectl('apply -f config/hello.yaml --dry-run=server')).output).toBe(
    'service.serving.knative.dev/hello configured (server dry run)\n'.repeat(2),
  );
  expect(await kubectl('diff -f config/triggers.yaml')).toEqual({ output: '', failed: false });
  expect((await kubectl('wait --for=condition=Ready ksvc,trigger,broker --all --timeout=20s')).failed).toBe(false);
  expect((await kubectl('describe trigger shout')).output).toMatch(/Type: +greeting\.sent[^]*Events: +<none>/);
  expect((await kubectl('explain trigger.spec.delivery')).output).toMatch(/backoffPolicy\t<string>/);
  expect((await kubectl('api-resources --api-group serving.knative.dev')).output).toMatch(/services +kservice,ksvc/);
});

withKubectl('kubectl applies, patches, edits and deletes, and what it says takes effect (skipped without kubectl)', async () => {
  const order = () => fetch(command.url, { method: 'POST', ...tagged('v2') });
  const heard = () => [...command.output().matchAll(/ number \d+: /g)].length;
  expect((await kubectl('apply -f -', trigger('loud', 'greeting.sent'))).output).toContain(
    'trigger.eventing.knative.dev/loud created',
  );
  await order();
  // The order itself, and what became of it.
  await eventually(() => expect(heard()).toBe(2));

  expect((await kubectl('diff -f -', trigger('loud', 'greeting.other'))).output).toMatch(
    /-\s+type: greeting\.sent\n\+\s+type: greeting\.other/,
  );
  expect((await kubectl('apply --server-side -f -', trigger('other', 'greeting.sent'))).output).toContain('serverside-applied');
  expect((await kubectl('apply --server-side -f -', trigger('other', 'greeting.never'))).output).toContain('serverside-applied');
  expect((await kubectl('get trigger other -o jsonpath={.spec.filter.attributes.type}')).output).toBe('greeting.never');
  expect(
    (await kubectl(`patch trigger other --type json -p '[{"op":"replace","path":"/spec/broker","value":"none"}]'`)).output,
  ).toMatch(/Immutable fields changed \(-old \+new\): broker, spec\n\{string\}:\n\t-: "default"\n\t\+: "none"/);
  expect((await kubectl(`patch trigger other --type merge -p '{"metadata":{"labels":{"kind":"spare"}}}'`)).failed).toBe(false);
  expect((await kubectl('get triggers -l kind=spare -o name')).output).toBe('trigger.eventing.knative.dev/other\n');
  expect((await kubectl('edit trigger loud')).output).toContain('edited');
  expect((await kubectl('get trigger loud -o jsonpath={.spec.filter.attributes.type}')).output).toBe('greeting.edited');
  expect((await kubectl('delete trigger shout loud other')).output.match(/ deleted\n/g)).toHaveLength(3);
  expect((await kubectl('get triggers -o name')).output).toBe('trigger.eventing.knative.dev/tally\n');
  expect((await kubectl('delete ksvc hello')).output).toMatch(/There is no service hello/);
});

withKubectl('kubectl makes ConfigMaps and Secrets, and a revision reads them (skipped without kubectl)', async () => {
  expect((await kubectl('create configmap words --from-literal=GREETING=Ahoy')).output).toBe('configmap/words created\n');
  expect((await kubectl('create secret generic hidden --from-literal=GREETING=Hush')).output).toBe('secret/hidden created\n');
  expect((await kubectl(`patch configmap words -p '{"data":{"GREETING":"Salve"}}'`)).output).toBe('configmap/words patched\n');
  const from = (name: string, reference: string) =>
    kubectl(
      `patch ksvc hello --type merge -p '{"spec":{"template":{"metadata":{"name":"${name}"},"spec":{"containers":[{"image":"x/hello","env":[],"envFrom":[{"${reference}":{"name":"${reference === 'secretRef' ? 'hidden' : 'words'}"}}]}]}},"traffic":[{"latestRevision":true,"percent":100}]}}'`,
    );
  expect((await from('hello-words', 'configMapRef')).output).toContain('patched');
  expect(await text(command.url)).toBe('Salve, you');
  expect((await from('hello-hidden', 'secretRef')).output).toContain('patched');
  expect(await text(command.url)).toBe('Hush, you');
  expect(command.output()).not.toContain('Hush');
  expect((await kubectl('delete configmap words')).failed).toBe(false);
});

withKubectl('kubectl watches processes start and end, reads their log, and ends one (skipped without kubectl)', async () => {
  const seen = follow(project, 'get pods -w');
  await eventually(() => expect(seen()).toMatch(/tally-00001-deployment-\w+ +1\/1 +Running +0/));
  const name = /tally-00001-deployment-\w+/.exec(seen())![0];
  const log = follow(project, `logs -f ${name}`);
  await eventually(() => expect(log()).toContain('Server listening'));
  await fetch(command.url, { method: 'POST', ...tagged('v1') });
  await eventually(() => expect(log()).toContain('number 1: HELLO, YOU'));
  expect((await kubectl(`logs ${name} --tail 1`)).output.trim().split('\n')).toHaveLength(1);

  const { output: id } = await kubectl(`get pod ${name} -o 'jsonpath={.metadata.annotations.knative-local/process}'`);
  process.kill(Number(id), 'SIGKILL');
  await eventually(() => expect(seen()).toMatch(new RegExp(`${name} +0/1[^\\n]*\\n[^]*${name} +1/1 +Running +1`)));
  expect((await kubectl(`delete pod ${name}`)).output).toBe(`pod "${name}" deleted\n`);
  await eventually(async () => {
    const pods = (await kubectl('get pods -l app=tally-00001')).output;
    expect(pods).not.toContain(name);
    expect(pods).toMatch(/1\/1 +Running +0/);
  });
});

withKn('kn reads services, revisions, brokers, triggers and sources as on a cluster (skipped without kn)', async () => {
  expect((await kn('service describe hello -o url')).output).toBe(`${command.url}\n`);
  expect((await kn('service describe hello')).output).toMatch(
    /30% +hello-v2 \(current @latest\) #v2 \[2\][^]*70% +hello-v1 #v1 \[1\][^]*\+\+ RoutesReady/,
  );
  expect(
    rows((await kn('revisions list')).output).map(([revision, service, share, tag]) => [revision, service, share, tag]),
  ).toEqual([
    ['hello-v2', 'hello', '30%', 'v2'],
    ['hello-v1', 'hello', '70%', 'v1'],
    ['shout-00001', 'shout', '100%', '1'],
    ['tally-00001', 'tally', '100%', '1'],
  ]);
  expect((await kn('broker list')).output).toMatch(/default +http:\/\/127\.0\.0\.1:\d+\/default\/default .* True/);
  expect((await kn('trigger list')).output).toMatch(/shout +default +ksvc:shout .* 7 OK \/ 7 +True/);
  expect((await kn("source ping create tick --schedule '0 0 1 1 *' --data hi --sink ksvc:tally")).failed).toBe(false);
  expect((await kn('source ping list')).output).toMatch(/tick +0 0 1 1 \* +ksvc:tally/);
  expect((await kn('source list')).output).toMatch(/tick +PingSource/);
  expect((await kn('eventtype create sent --type greeting.sent --broker default')).failed).toBe(false);
  expect((await kn('eventtype list')).output).toMatch(/sent +greeting\.sent/);
});

withKn('kn moves traffic and tags, and makes revisions by the rules of Knative (skipped without kn)', async () => {
  expect((await kn('service update hello --traffic v1=100,v2=0')).output).toContain('Ready to serve');
  expect(new Set(await Promise.all(Array.from({ length: 30 }, () => text(command.url))))).toEqual(new Set(['Hello, you']));
  expect((await kn('service update hello --tag hello-v1=old')).failed).toBe(false);
  expect(await text(command.url, tagged('old'))).toBe('Hello, you');

  expect((await kn('service update hello --env GREETING=Hi')).output).toMatch(
    /admission webhook .* denied the request: validation failed: Saw the following changes without a name change \(-old \+new\): spec\.template\.metadata\.name\n[^]*\nspec\.containers\[0\]\.env\[0\]\.value:\n\t-: "Welcome"\n\t\+: "Hi"/,
  );
  const renamed = `patch ksvc hello --type merge -p '{"spec":{"template":{"metadata":{"name":"other"}}}}'`;
  expect((await kubectl(renamed)).output).toMatch(/other must begin with hello-/);
  expect(
    (await kn('service update hello --env GREETING=Hi --revision-name hello-v3 --tag @latest=new --traffic v1=50,@latest=50'))
      .output,
  ).toContain("updated to latest revision 'hello-v3'");
  expect(await text(command.url, tagged('new'))).toBe('Hi, you');
  expect((await kn('service update shout --env LOUD=1')).output).toContain("updated to latest revision 'shout-00002'");
  expect(
    (await kubectl(`patch ksvc hello --type merge -p '{"spec":{"traffic":[{"revisionName":"hello-v1","percent":90}]}}'`)).output,
  ).toBe('The Service "hello" is invalid: spec.traffic: the percentages add up to 90; they must add up to 100\n');
  expect((await kn('revision delete hello-v3')).failed).toBe(true);
});

withKn('kubectl sees processes come and go with the requests (skipped without kn)', async () => {
  await finish(command);
  await start(['--scale-out']);
  const updated = await kn('service update shout --scale 0..2 --scale-window 6s');
  expect(updated.output).toContain("updated to latest revision 'shout-00002'");
  const pods = follow(project, 'get pods -w -l app=shout-00002');
  await eventually(() => expect(pods()).toMatch(/1\/1 +Running[^]*Terminating/));
  const status = () => kubectl('get rev shout-00002 -o jsonpath={.status.actualReplicas},{.status.conditions[*].status}');
  // Active, ContainerHealthy, Ready and ResourcesAvailable: nothing is wrong with having none.
  await eventually(async () => expect((await status()).output).toBe('0,False True True True'));
  expect((await kubectl('get ksvc shout -o jsonpath={.status.conditions[?(@.type=="Ready")].status}')).output).toBe('True');
  await fetch(command.url, { method: 'POST', ...tagged('v1') });
  await eventually(() => expect(command.output()).toContain('number 1: HELLO, YOU'));
  await eventually(() => expect(pods()).toMatch(/Terminating[^]*1\/1 +Running/));
});

withKn('what a client says outlives the runtime, until the file of the object changes (skipped without kn)', async () => {
  await kn('trigger create extra --broker default --filter type=greeting.sent --sink ksvc:tally');
  await kn('service update hello --traffic v1=100,v2=0');
  await kn('trigger delete shout');
  const { output: server } = await kubectl("config view -o 'jsonpath={.clusters[0].cluster.server}'");
  await finish(command);
  await start();
  expect((await kubectl("config view -o 'jsonpath={.clusters[0].cluster.server}'")).output).toBe(server);
  expect(command.output()).toContain('Trigger extra: by a client, in no file');
  expect(command.output()).toMatch(/Service hello: spec\.traffic by a client differs from .*config\/hello\.yaml:\d+/);
  expect(command.output()).toMatch(/Trigger shout: deleted by a client, and still in .*config\/triggers\.yaml:1/);
  expect(rows((await kn('trigger list')).output).map(([name]) => name)).toEqual(['extra', 'tally']);
  expect((await kubectl('get ksvc hello -o jsonpath={.status.traffic[*].percent}')).output).toBe('100 0');

  const path = join(project, 'config/triggers.yaml');
  const file = await readFile(path, 'utf8');
  await writeFile(path, file.replace('greeting.sent', 'greeting.written'));
  await eventually(async () => {
    expect((await kubectl('get trigger shout -o jsonpath={.spec.filter.attributes.type}')).output).toBe('greeting.written');
  });
  await writeFile(path, file);
  // The others have no news in their files.
  expect(rows((await kn('trigger list')).output).map(([name]) => name)).toEqual(['extra', 'shout', 'tally']);
  expect((await kubectl('get ksvc hello -o jsonpath={.status.traffic[*].percent}')).output).toBe('100 0');
});
