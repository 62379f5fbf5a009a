/**
 * node scripts/build.ts
 *
 * Builds what npm start runs, if it is missing or out of date, by the same scripts as `npm run build`. turbo and pnpm, which that takes, are a
 * fifth of all packages by size; so npm start does without them.
 */
import { execFile } from 'node:child_process';
import { globSync, rmSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { CannotStart } from '../packages/knative-local/src/errors.ts';
import { sourcesOf } from '../packages/lab/src/sources.ts';
import './check-functions.ts';

const repository = resolve(import.meta.dirname, '..');
const functions = join(repository, 'functions');

if (!process.exitCode) {
  forgetOldPackages(statSync(join(repository, 'node_modules/.installed')).mtimeMs);
  const sources = sourcesOf(functions, (name, line) => console.log(`  ${name} ${line}`), availableParallelism());
  try {
    await Promise.all([sources.build(), buildConsole()]);
  } catch (error) {
    if (!(error instanceof CannotStart)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}

/** Builds from before the last installation may contain other packages. */
function forgetOldPackages(installed: number): void {
  for (const file of globSync(join(functions, '*/dist/sources.json'))) if (statSync(file).mtimeMs < installed) rmSync(file);
}

/** So small that it is always built. */
async function buildConsole(): Promise<void> {
  await promisify(execFile)(process.execPath, ['--run', 'build'], { cwd: join(repository, 'packages/knative-local') });
}
