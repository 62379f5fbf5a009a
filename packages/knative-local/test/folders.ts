import { execFileSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';

export const fixtures = join(import.meta.dirname, 'fixtures');

/** What readManifests is told in tests. */
export const asked = { settings: { config: 'CONFIG', functions: 'FUNCTIONS' }, operator: {} };

/** A folder for one test, with files by their paths. */
export async function makeFolder(files: Record<string, string> = {}): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'darkroom-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
  return folder;
}

/** A copy of the fixtures' config/ and functions/, to be changed at will. */
export async function copyFixtures(): Promise<string> {
  const folder = await makeFolder();
  await cp(fixtures, folder, { recursive: true });
  return folder;
}

const home = join(import.meta.dirname, '..');
const compiler = join(home, '../../node_modules/typescript/bin/tsc');

/** A project as `kn func create` lays one out, built; below this package, where its dependencies are found. To be removed by whoever asks. */
export async function buildProject(): Promise<string> {
  const folder = await mkdtemp(join(home, '.project-'));
  await cp(join(import.meta.dirname, 'project'), folder, { recursive: true });
  for (const name of ['hello', 'shout']) execFileSync(process.execPath, [compiler], { cwd: join(folder, 'functions', name) });
  return folder;
}
