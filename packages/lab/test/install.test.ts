import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import { freePort } from 'knative-local/process/ports';

const repository = resolve(import.meta.dirname, '../../..');

/** A clone without packages. */
async function clone(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'clone-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const kept = /\/(node_modules|dist|\.turbo)(\/|$)/;
  for (const name of ['package.json', 'pnpm-lock.yaml', 'pnpm-workspace.yaml', 'scripts', 'functions', 'packages'])
    await cp(join(repository, name), join(folder, name), { recursive: true, filter: (path) => !kept.test(path) });
  return folder;
}

test('where the registry cannot be reached, it says what it did, what failed and what to do, and leaves nothing behind', async () => {
  const folder = await clone();
  const before = await readdir(folder);
  const child = spawn(process.execPath, ['scripts/install.mjs', '--prod'], {
    cwd: folder,
    env: {
      PATH: process.env['PATH'],
      HOME: folder,
      npm_config_registry: `http://127.0.0.1:${await freePort()}`,
      npm_lifecycle_event: 'prestart',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [output, faults, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  expect(output).toMatch(/^Installing packages\. The first time, this takes about a minute\.\n {2}pnpm, which installs them\n/);
  expect(faults).toMatch(/ECONNREFUSED/);
  expect(faults).toMatch(
    /The package registry did not answer\. Check the network .*run npm start again; what has come is kept\.\n$/,
  );
  expect(code).toBe(1);
  expect(await readdir(folder)).toEqual(before);
});

test('of packages, what nothing loads goes; what a link leads to stays', async () => {
  const { dropUnloaded } = (await import(join(repository, 'scripts/install-lean.mjs'))) as {
    dropUnloaded(modules: string): void;
  };
  const folder = await mkdtemp(join(tmpdir(), 'packages-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const kept = [
    'node_modules/.pnpm/a@1.0.0/node_modules/a/LICENSE.md',
    'node_modules/.pnpm/a@1.0.0/node_modules/a/lib/test/index.js',
    'node_modules/.pnpm/@b+c@1.0.0/node_modules/@b/c/test.js',
    'node_modules/.pnpm/d.ts@1.0.0/node_modules/d.ts/index.js',
    'node_modules/.pnpm/@e+test@1.0.0/node_modules/@e/test/index.js',
    'packages/ours/src/index.ts',
    'packages/ours/test/index.test.ts',
  ];
  const dropped = [
    'node_modules/.pnpm/a@1.0.0/node_modules/a/index.d.ts',
    'node_modules/.pnpm/a@1.0.0/node_modules/a/lib/index.js.map',
    'node_modules/.pnpm/a@1.0.0/node_modules/a/test/index.js',
    'node_modules/.pnpm/@b+c@1.0.0/node_modules/@b/c/tests/photo.png',
    'node_modules/.pnpm/@b+c@1.0.0/node_modules/@b/c/src/__image_snapshots__/photo.png',
  ];
  for (const path of [...kept, ...dropped]) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), '');
  }
  await mkdir(join(folder, 'node_modules/.pnpm/node_modules'));
  await symlink(join(folder, 'packages/ours'), join(folder, 'node_modules/.pnpm/node_modules/ours'));
  dropUnloaded(join(folder, 'node_modules'));
  const present = [...kept, ...dropped].filter((path) => globSync(path, { cwd: folder }).length > 0);
  expect(present).toEqual(kept);
});
