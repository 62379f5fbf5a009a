import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type MailServer, startMailServer } from '../../../functions/notify/test/mail-server.ts';
import { openRolloutLab, type RolloutLab } from './lab.ts';

let mails: MailServer;
let lab: RolloutLab;
beforeAll(async () => {
  mails = await startMailServer();
  lab = await openRolloutLab({ SMTP_URL: mails.url });
});
afterAll(async () => {
  await lab?.close();
  await mails?.close();
});
beforeEach(async () => {
  mails.script = {};
  await lab.reset();
});

/** Halves are soonest judged. Six looks to a step. */
const quick = ['--steps', '40,60,100', '--every', '3s', '--overdue', '20s', '--slower', '3'];

test('a good version gets all traffic, step by step; the Service and the broker know', async () => {
  const before = await lab.events('dev.darkroom.rollout.advanced');
  const changes = () => lab.darkroom.output().split('Service ingest: changed by a client').length;
  const changed = changes();
  const rollout = lab.start('--to', 'v2', ...quick);
  await rollout.says(/0 % to 40 %: ingest-v2 is ready/);
  expect((await lab.state()).shares).toEqual({ 'ingest-v1': 60, 'ingest-v2': 40 });
  expect(await rollout.ended, rollout.output()).toBe(0);
  expect(rollout.output()).toMatch(/40 % to 60 %: ingest-v2 is no worse[^]*60 % to 100 %: ingest-v2 is no worse/);
  expect(rollout.output()).toMatch(/^\| 40 % .*60 % +\|\n\| 60 % .*done +\|$/m);
  const { shares, record, message } = await lab.state();
  expect(shares).toEqual({ 'ingest-v2': 100 });
  expect(record).toMatchObject({ phase: 'done', candidate: 'ingest-v2', baseline: 'ingest-v1' });
  expect(message).toContain('60 % to 100 %');
  expect(await lab.events('dev.darkroom.rollout.advanced')).toBe(before + 3);
  // Signs of life are not worth a line.
  expect(changes()).toBe(changed + 3);
});

test('a version whose mails fail is taken back at its first step, whatever HTTP says', async () => {
  const before = await lab.events('dev.darkroom.rollout.rolled-back');
  const rollout = lab.start('--to', 'v2', ...quick);
  await rollout.says(/0 % to 40 %/);
  mails.script = { afterData: (_bytes, source) => (source.includes('sepia') ? '554 5.7.1 looks like spam' : undefined) };
  expect(await rollout.ended, rollout.output()).toBe(1);
  expect(rollout.output()).toMatch(
    / to 0 %: ingest-v2 has more jobs without their mail than ingest-v1: \d+ of \d+ jobs with an address/,
  );
  expect(await lab.state()).toMatchObject({ shares: { 'ingest-v1': 100 }, record: { phase: 'rolled-back' } });
  expect(await lab.events('dev.darkroom.rollout.rolled-back')).toBe(before + 1);
});

test('killed, it is taken over at the same step, and only once it is certainly dead', async () => {
  // Long enough for a second one to meet it: on a fast machine, sixty jobs have ended within moments.
  const slow = [...quick, '--every', '30s'];
  const first = lab.start('--to', 'v3', ...slow);
  await first.says(/40 % to 60 %/);
  const second = lab.start('--to', 'v3', ...slow);
  expect(await second.ended).toBe(2);
  expect(second.output()).toMatch(/is at work on this rollout already/);
  const { record } = await lab.state();
  first.kill('SIGKILL');
  await first.ended;
  const third = lab.start('--to', 'v3', ...slow);
  expect(await third.ended, third.output()).toBe(0);
  expect(third.output()).toMatch(/60 %: goes on after \d+ s of this step/);
  const after = await lab.state();
  expect(after).toMatchObject({ shares: { 'ingest-v3': 100 }, record: { phase: 'done', id: record!.id } });
  // What was seen before counts.
  expect(after.record!.rows.map(({ percent }) => percent)).toEqual([40, 60]);
});

test('Ctrl-C leaves traffic as it is, for another to go on with at once, or to end by hand', async () => {
  const first = lab.start('--to', 'v3', ...quick, '--every', '1h');
  await first.says(/0 % to 40 %/);
  first.kill('SIGINT');
  expect(await first.ended).toBe(3);
  expect(first.output()).toContain('npm run rollout -- ingest --abort');
  expect(await lab.state()).toMatchObject({ shares: { 'ingest-v1': 60, 'ingest-v3': 40 }, record: { phase: 'running' } });
  expect((await lab.state()).record!.holder).toBeUndefined();

  const other = lab.start('--to', 'v2', ...quick);
  expect(await other.ended).toBe(2);
  expect(other.output()).toMatch(/A rollout of ingest to ingest-v3 stands at 40 %/);

  const second = lab.start('--to', 'v3', ...quick);
  await second.says(/40 %: goes on/);
  const told = await lab.events('dev.darkroom.rollout.rolled-back');
  const by = lab.start('--abort');
  expect(await by.ended, by.output()).toBe(0);
  expect(await lab.events('dev.darkroom.rollout.rolled-back')).toBe(told + 1);
  expect(await second.ended).toBe(2);
  expect(await lab.state()).toMatchObject({ shares: { 'ingest-v1': 100 }, record: { phase: 'rolled-back' } });
});

test('a hand that moves the traffic meanwhile has the last word', async () => {
  const rollout = lab.start('--to', 'v3', ...quick, '--every', '1h');
  await rollout.says(/0 % to 40 %/);
  const service = await lab.services.read('ingest');
  const traffic = service.spec.traffic.map((target) => ({
    ...target,
    percent: target.tag === 'v3' ? 10 : target.tag === 'v1' ? 90 : 0,
  }));
  await lab.services.change(service, { traffic, annotations: {} }).catch(async () => {
    // A sign of life came in between.
    await lab.services.change(await lab.services.read('ingest'), { traffic, annotations: {} });
  });
  expect(await rollout.ended).toBe(2);
  expect(rollout.output()).toMatch(
    /Somebody has moved the traffic meanwhile: it is 90 % ingest-v1, 10 % ingest-v3, and stays so/,
  );
  expect(await lab.state()).toMatchObject({ shares: { 'ingest-v1': 90, 'ingest-v3': 10 }, record: { phase: 'stopped' } });
});

test('what cannot be rolled out is said, and nothing changes', async () => {
  const unknown = lab.start('--to', 'v9', ...quick);
  expect(await unknown.ended).toBe(2);
  expect(unknown.output()).toMatch(/The traffic of ingest knows no tag or revision v9/);
  for (const words of [['--to', 'v2', '--steps', '20,5'], ['--to', 'v2', '--every', 'soon'], ['--to', 'v2', '--slower', '0'], []])
    expect(await lab.start(...words).ended).toBe(2);
  expect(await lab.state()).toMatchObject({ shares: { 'ingest-v1': 100 }, record: undefined });
});

test('a version whose processes never become ready is taken back: nobody counts the requests that wait for them', async () => {
  const rollout = lab.start('--to', 'v3', ...quick, '--every', '1h', '--overdue', '3s');
  await rollout.says(/0 % to 40 %/);
  await lab.breakStarts('v3', 'hangs');
  await lab.killProcesses('ingest-v3');
  expect(await rollout.ended, rollout.output()).toBe(1);
  expect(rollout.output()).toMatch(/40 % to 0 %: ingest-v3 is not ready any more: /);
  expect((await lab.state()).shares).toEqual({ 'ingest-v1': 100 });
  await lab.mendStarts('v3');
  await lab.killProcesses('ingest-v3');
});

// Last: from then on, v3 does not start any more.
test('a version that falls over when it starts is taken back with what Knative says, and never gets traffic again', async () => {
  const rollout = lab.start('--to', 'v3', ...quick, '--every', '1h');
  await rollout.says(/0 % to 40 %/);
  await lab.breakStarts('v3', 'falls over');
  await lab.killProcesses('ingest-v3');
  expect(await rollout.ended, rollout.output()).toBe(1);
  expect(rollout.output()).toMatch(/40 % to 0 %: ingest-v3 is not ready any more: ContainerMissing: The process /);
  expect((await lab.state()).shares).toEqual({ 'ingest-v1': 100 });

  const again = lab.start('--to', 'v3', ...quick);
  expect(await again.ended).toBe(1);
  expect(again.output()).toMatch(/ingest-v3 is not ready, and gets no traffic: ContainerMissing/);
  expect(await lab.state()).toMatchObject({ shares: { 'ingest-v1': 100 }, record: { phase: 'rolled-back' } });
});
