import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { makeFolder } from '../../knative-local/test/folders.ts';
import { copyFixtures } from './folders.ts';
import { startMain, startReady } from './start.ts';

test('refuses a second runtime on the same folder, and leaves the first alone', async () => {
  const folder = await copyFixtures();
  const first = await startReady(folder);
  const second = startMain({
    CONFIG_DIR: join(folder, 'config'),
    FUNCTIONS_DIR: join(folder, 'functions'),
    DATA_DIR: join(folder, 'data'),
  });
  expect(await second.ended).toBe(1);
  expect(second.output()).toBe(
    `The data folder ${folder}/data is in use by another Darkroom (process ${first.process.pid}). Stop it, or choose another folder with DATA_DIR.\n`,
  );
  expect((await fetch(`${first.publicUrl}/health/readiness`)).status).toBe(200);
});

test.each(['PORT', 'SMTP_PORT', 'INBOX_PORT'])(
  'reports a taken %s in one sentence, and leaves nothing behind',
  async (setting) => {
    const folder = await copyFixtures();
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void other.close());
    const address = other.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    const started = startMain({
      CONFIG_DIR: join(folder, 'config'),
      FUNCTIONS_DIR: join(folder, 'functions'),
      DATA_DIR: join(folder, 'data'),
      [setting]: String(port),
    });
    expect(await started.ended).toBe(1);
    expect(started.output()).toBe(
      `Port ${port} is taken by another program. Stop it, or choose another: ${setting}=${port + 1} npm start\n`,
    );
    expect(existsSync(join(folder, 'data/runtime.pid'))).toBe(false);
  },
);

test('starts on the same ports right after a runtime that was killed', async () => {
  const folder = await copyFixtures();
  const first = await startReady(folder);
  const [PORT, INBOX_PORT] = [new URL(first.publicUrl).port, new URL(first.inboxUrl).port];
  first.process.kill('SIGKILL');
  await first.ended;
  const second = await startReady(folder, { PORT, INBOX_PORT, SMTP_PORT: String(first.smtpPort) });
  expect((await fetch(`${second.inboxUrl}/api/healthz`)).status).toBe(200);
  expect(second.smtpPort).toBe(first.smtpPort);
});

test('reports all wrong settings at once', async () => {
  const started = startMain({ PORT: 'http', SMTP_PORT: '70000', SMTP_URL: 'mail' });
  expect(await started.ended).toBe(1);
  expect(started.output()).toMatch(/^Settings are wrong: PORT: .*; SMTP_PORT: .*; SMTP_URL: .*\n$/);
});

test('quotes the last lines of a function that does not start', async () => {
  const folder = await copyFixtures();
  await writeFile(join(folder, 'functions/stage/dist/index.mjs'), "throw new Error('out of paper');");
  const started = startMain({
    CONFIG_DIR: join(folder, 'config'),
    FUNCTIONS_DIR: join(folder, 'functions'),
    DATA_DIR: join(folder, 'data'),
  });
  expect(await started.ended).toBe(1);
  expect(started.output()).toMatch(/\nstage ended with exit code 1 before it was ready, 3 times in a row\.\n[^]*out of paper/);
});

test('reports an unwritable data folder in a sentence', async () => {
  const folder = await copyFixtures();
  const started = startMain({
    CONFIG_DIR: join(folder, 'config'),
    FUNCTIONS_DIR: join(folder, 'functions'),
    DATA_DIR: join(await makeFolder({ file: '' }), 'file/data'),
  });
  expect(await started.ended).toBe(1);
  expect(started.output()).toMatch(/^The data folder \S+ cannot be written\. Choose another with DATA_DIR\.\n$/);
});

test('an unknown option ends the start, with what there is', async () => {
  const started = startMain({}, ['--scale']);
  expect(await started.ended).toBe(1);
  expect(started.output()).toMatch(/'--scale'.*\nUsage: npm start \[-- --scale-out\]\. All else is set in the environment\.\n$/);
});

test('a filter without a Trigger is a fault at the start; a Trigger for an event that nobody emits is a warning', async () => {
  const folder = await copyFixtures();
  const path = join(folder, 'config/lab.yaml');
  const manifests = await readFile(path, 'utf8');
  const settings = {
    CONFIG_DIR: join(folder, 'config'),
    FUNCTIONS_DIR: join(folder, 'functions'),
    DATA_DIR: join(folder, 'data'),
  };
  await writeFile(path, manifests.replace("two: 'true'", "tow: 'true'").replaceAll('test.finished', 'test.ended'));
  const started = startMain(settings);
  expect(await started.ended).toBe(1);
  expect(started.output()).toMatch(/WARNING: Trigger collector waits for events of type test\.finished, which nobody emits\./);
  expect(started.output()).toMatch(/The manifests need a change:\n {2}ingest-v2: no Trigger hears the filter two, /);
});
