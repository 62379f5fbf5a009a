/**
 * npm run walk: runs the commands of docs/deploy.md on the cluster that KUBECONFIG names, and writes what they print below them.
 *
 * Works in a copy of the repository, since the walk adds a function and changes a file. If IMAGE_COMMAND is set, `kn func deploy` is done
 * as in cluster:verify; if GATEWAY_URL is set, curl goes there.
 */
import { chmod, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { photo } from '../test/cluster/people.ts';
import { photograph, type Screen } from './terminal.ts';
import { type Block, openShell, readWalkPage } from './walk-page.ts';

const repository = resolve(import.meta.dirname, '..');
const page = join(repository, 'docs/deploy.md');

const folder = await mkdtemp(join(tmpdir(), 'walk-'));
const copy = join(folder, 'darkroom');
const bin = join(folder, 'bin');
try {
  await cp(repository, copy, { recursive: true, filter: (path) => !/\/(node_modules|\.git|\.darkroom|\.turbo)$/.test(path) });
  await writeFile(join(copy, 'photo.jpg'), await photo(1600, 1200));
  await shims();
  const shell = openShell(copy, { ...process.env, PATH: `${bin}${delimiter}${process.env['PATH']}` });
  const screens: Screen[] = [];
  const walk = readWalkPage(await readFile(page, 'utf8'));
  const outputs = new Map<Block, string>();
  for (const block of walk.blocks) {
    const { commands, picture } = block;
    console.log(commands);
    const output = await shell.run(commands);
    console.log(output);
    if (picture) screens.push({ name: picture, commands, output });
    outputs.set(block, output);
  }
  shell.end();
  await writeFile(page, walk.written(outputs));
  await photograph(screens, join(repository, 'docs/images'));
} finally {
  await rm(folder, { recursive: true, force: true });
}

/** Commands that a cluster without a container engine or without a public address lacks. */
async function shims(): Promise<void> {
  const { IMAGE_COMMAND, GATEWAY_URL } = process.env;
  await mkdir(bin);
  const func = join(repository, 'test/cluster/func-deploy.ts');
  if (IMAGE_COMMAND) await shim('kn', `[ "$1 $2" = "func deploy" ] && exec ${process.execPath} ${func} "$PWD"\n`);
  if (GATEWAY_URL) await shim('curl', `set -- --connect-to ::${new URL(GATEWAY_URL).host} "$@"\n`);
}

async function shim(name: string, first: string): Promise<void> {
  const path = join(bin, name);
  const rest = `PATH=$(printf %s "$PATH" | sed "s#^${bin}:##") exec ${name} "$@"\n`;
  await writeFile(path, `#!/bin/sh\n${first}${rest}`);
  await chmod(path, 0o755);
}
