import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { CannotStart } from 'knative-local/errors';
import type { Log } from 'knative-local/log';
import { staleness } from 'knative-local/manifest/build';
import type { Sources } from 'knative-local/project';

const repository = resolve(import.meta.dirname, '../../..');
const shared = join(repository, 'packages/shared/src');
const bundle = join(repository, 'scripts/bundle.ts');

/**
 * The sources of Darkroom's functions: whoever saves one gets its function built.
 * @param atOnce how many builds run at a time; each takes a processor for itself
 */
export function sourcesOf(functions: string, log: Log, atOnce = 1): Sources {
  return {
    async folders() {
      const own = (await foldersIn(functions)).flatMap((folder) => ['src', 'page'].map((part) => join(folder, part)));
      return [shared, ...own.filter((folder) => existsSync(folder))];
    },
    async build() {
      const faults: string[] = [];
      const folders = (await foldersIn(functions)).values();
      const buildNext = async () => {
        for (const folder of folders) {
          const name = await staleFunction(folder);
          if (name === undefined) continue;
          const begun = performance.now();
          const fault = await buildFunction(folder);
          if (fault) faults.push(fault);
          else log(name, `was built in ${Math.round(performance.now() - begun)} ms`);
        }
      };
      await Promise.all(Array.from({ length: atOnce }, buildNext));
      if (faults.length > 0) throw new CannotStart(faults.join('\n  '));
    },
  };
}

/** Every folder with a function that scripts/bundle.ts can build. */
async function foldersIn(functions: string): Promise<string[]> {
  const folders = (await readdir(functions)).sort().map((name) => join(functions, name));
  const isSource = (folder: string) => ['src/index.ts', 'src/main.ts'].some((file) => existsSync(join(folder, file)));
  return folders.filter((folder) => existsSync(join(folder, 'func.yaml')) && isSource(folder));
}

/** The name of the function in a folder, if its build is missing or out of date, or the folder a copy of another: then no build will do. */
async function staleFunction(folder: string): Promise<string | undefined> {
  const dist = join(folder, 'dist');
  const name = /^name: *(\S+)/m.exec(await readFile(join(folder, 'func.yaml'), 'utf8'))?.[1];
  if (name === undefined) return undefined;
  const isCopy = name !== basename(folder);
  const isStale = isCopy || !existsSync(join(dist, 'sources.json')) || (await staleness(dist, name)) !== undefined;
  return isStale ? name : undefined;
}

/** What is wrong, with file and line; undefined once it is built. */
function buildFunction(folder: string): Promise<string | undefined> {
  return new Promise((done) => {
    execFile(process.execPath, [bundle], { cwd: folder }, (error, _printed, faults) =>
      done(error ? faults.trim().replaceAll('\n', '\n  ') || error.message : undefined),
    );
  });
}
