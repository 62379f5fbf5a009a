import { createHash } from 'node:crypto';
import { existsSync, globSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { displayed, type Faults } from './document.ts';

export interface Build {
  folder: string;
  /** What follows `node`. */
  command: string[];
  /** The digest of its files, without what is installed. */
  build: string;
  /** Variables that the start script sets before the command: `FUNC_LOG_LEVEL=info faas-js-runtime ...`. */
  variables: Record<string, string>;
}

interface Package {
  bin?: string | Record<string, string>;
  scripts?: { start?: string };
}

/**
 * How a built function starts, according to its package.json: by the script that the buildpack runs in the cluster. No shell runs it,
 * so the process that is stopped is the function itself.
 * A missing build is one fault; references to the function are still checked as if it were there.
 * @param name the function's name in func.yaml
 * @param folder where the buildpack looks for package.json (BP_NODE_PROJECT_PATH)
 * @param follows whether somebody builds what is saved: then a build may be older than its source
 */
export async function readBuild(folder: string, name: string, faults: Faults, follows: boolean): Promise<Build> {
  const path = join(folder, 'package.json');
  const none = { folder, command: [], build: '', variables: {} };
  if (!existsSync(path)) {
    const lacking = existsSync(folder) ? path : folder;
    faults.push(`${displayed(lacking)} is missing. Run npm run build, and start again.`);
    return none;
  }
  const stale = await staleness(folder, name, follows);
  if (stale) faults.push(`${displayed(folder)} ${stale}. Run npm run build, and start again.`);
  const build = await digestOf(folder);
  const { scripts } = JSON.parse(await readFile(path, 'utf8')) as Package;
  const words = scripts?.start?.trim().split(/\s+/) ?? [];
  const first = words.findIndex((word) => !/^\w+=/.test(word));
  const [program, ...rest] = first < 0 ? [] : words.slice(first);
  if (program === undefined || rest.length === 0 || words.some((word) => /["'`$&|;<>]/.test(word))) {
    faults.push(
      `${displayed(path)}: scripts.start must have the form "node [flags] <file>" or "faas-js-runtime <file>", without shell syntax.`,
    );
    return none;
  }
  const file = rest.find((word) => /\.[cm]?[jt]s$/.test(word));
  if (file && !existsSync(resolve(folder, file)))
    faults.push(`${displayed(resolve(folder, file))} is missing. Run npm run build in ${displayed(folder)}, and start again.`);
  const variables = Object.fromEntries(words.slice(0, Math.max(first, 0)).map((word) => word.split(/=(.*)/s, 2)));
  if (program === 'node') return { folder, command: rest, build, variables };
  const script = await programOf(folder, program);
  if (!script)
    faults.push(`${displayed(path)}: ${program} is not installed. Run npm install in ${displayed(folder)}, and start again.`);
  return { folder, command: script ? [script, ...rest] : [], build, variables };
}

/** What a build may write next to its package.json, so that it can be checked: which function it is for, and its sources. */
interface Sources {
  function: string;
  /** SHA-256 by path, relative to the folder of package.json. */
  files: Record<string, string>;
}

/** A file that goes while it is read counts as empty: whatever took it away is noticed as a change of its own. */
async function digestOf(folder: string): Promise<string> {
  const digest = createHash('sha256');
  const files = globSync('**/*', { cwd: folder, exclude: ['**/node_modules'], withFileTypes: true }).filter((each) =>
    each.isFile(),
  );
  for (const path of files.map(({ parentPath, name }) => join(parentPath, name)).sort())
    digest.update(path).update(await readFile(path).catch(() => ''));
  return digest.digest('hex');
}

/**
 * Why a build must not run: it belongs to another function, or its sources have changed since.
 * @param folder where its package.json is
 */
export async function staleness(folder: string, name: string, follows = false): Promise<string | undefined> {
  const path = join(folder, 'sources.json');
  if (!existsSync(path)) return undefined;
  const { function: builtFor, files } = JSON.parse(await readFile(path, 'utf8')) as Sources;
  if (builtFor !== name) return `was built for the function ${builtFor}, and this one is ${name}`;
  if (follows) return undefined;
  const changed = await Promise.all(
    Object.entries(files).map(async ([file, digest]) => {
      const content = await readFile(join(folder, file)).catch(() => '');
      return createHash('sha256').update(content).digest('hex') !== digest;
    }),
  );
  const first = Object.keys(files).find((_file, index) => changed[index]);
  return first && `is older than its source: ${displayed(join(folder, first))} has changed`;
}

/** The file behind a command that comes with the package of the same name. */
async function programOf(folder: string, name: string): Promise<string | undefined> {
  try {
    const path = createRequire(join(folder, 'package.json')).resolve(`${name}/package.json`);
    const { bin } = JSON.parse(await readFile(path, 'utf8')) as Package;
    const file = typeof bin === 'string' ? bin : bin?.[name];
    return file && join(dirname(path), file);
  } catch {
    return undefined;
  }
}
