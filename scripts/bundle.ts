/**
 * Bundles the function in the current folder, with all shared code, into dist/: index.mjs, what it loads later, and a package.json that lists only what
 * cannot be bundled (native packages, at the exact version that was tested) and how to start. func.yaml points the buildpack there, since
 * it sees nothing outside the function's folder and npm cannot install `workspace:`. dist/ also gets a source map, the licences of
 * third-party code, and sources.json: what it was built from, so that no stale or copied build runs.
 */
import { existsSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, join, relative, resolve } from 'node:path';
import { type CodeSplittingGroup, type OutputChunk, rolldown, type RolldownError } from 'rolldown';
import { ahead, compileCache, entry, functionModules, rootOf } from './function-modules.ts';
import { faultsOfNames } from './function-names.ts';
import { inline } from './inline.ts';
import { collectNotices } from './notices.ts';

const folder = process.cwd();
const faults = await faultsOfNames(folder);
for (const fault of faults) console.error(fault);
if (faults.length > 0) process.exit(1);

const name = /^name: *(\S+)/m.exec(await readFile('func.yaml', 'utf8'))?.[1] ?? basename(folder);
const shared = resolve(import.meta.dirname, '../packages/shared');
/** Packages with native code or WebAssembly, which stay outside the bundle. So does all that may be replaced: libheif is under the LGPL. */
const outside = ['@julusian/jpeg-turbo', 'libheif-js'];
/** Of these, only the native code stays outside (function-modules.ts). */
const halfOutside = ['sharp'];
const isOf = (id: string) => (request: string) => request === id || request.startsWith(`${id}/`);

/**
 * What every process of the function loads first. It would be up to eight files, since what is loaded later shares some of it, and a start would
 * take 3 ms longer. The root is not among them: it waits for what is loaded later, which would wait for it.
 */
const together: CodeSplittingGroup = {
  debugName: 'start',
  name: (id, context) => (context.getModuleInfo(rootOf(folder))?.importedIds.includes(id) ? 'start' : null),
};

/** Every file that was read for the bundle. */
const modules = new Set<string>();

const bundle = await rolldown({
  input: { index: entry, 'compile-cache': compileCache },
  platform: 'node',
  external: (id) => outside.some((each) => isOf(each)(id)),
  // A function is called what func.yaml calls it: nothing else has to say so (packages/shared/src/filter/filter.ts).
  transform: { define: { 'process.env.FUNC_NAME': JSON.stringify(name) } },
  plugins: [functionModules(folder, (id) => modules.add(id)), inline((file) => modules.add(file))],
  onLog(level, log, handle) {
    // What cannot be found here cannot be found in the cluster either.
    handle(log.code === 'UNRESOLVED_IMPORT' ? 'error' : level, log);
  },
});
const { output } = await bundle
  .generate({
    dir: 'dist',
    // What is loaded later, or only by workers, is a file of its own: a process reads and compiles no more than it needs.
    entryFileNames: '[name].mjs',
    chunkFileNames: '[name]-[hash].mjs',
    codeSplitting: { groups: [{ name: 'ahead', test: (id) => id === ahead }, together] },
    format: 'esm',
    // V8 keeps a source with any other character in two bytes for each, and takes longer to read it.
    charset: 'ascii',
    minify: { mangle: true, compress: true, codegen: true },
    // The runtime recognises an event by the name of its class.
    keepNames: true,
    sourcemap: true,
    // Lines are enough; the sources are in the repository.
    sourcemapExcludeSources: true,
    // faas-js-runtime's node-os-utils assigns to an undeclared variable.
    banner: 'globalThis.osu ??= undefined;',
  })
  .catch(explain);

const chunks = output.filter((item): item is OutputChunk => item.type === 'chunk');
const imports = new Set(chunks.flatMap((chunk) => [...chunk.imports, ...chunk.dynamicImports]));
const imported = [
  ...halfOutside.filter((id) => [...modules].some((path) => path.includes(`/node_modules/${id}/`))),
  ...outside.filter((id) => [...imports].some(isOf(id))),
];
const require = createRequire(join(shared, 'package.json'));
const { dependencies: versions } = require('./package.json') as { dependencies: Record<string, string> };
// Young space: what passes through a function are buffers outside V8's heap, and hardly any objects.
const manifest = {
  name: `darkroom-${name}`,
  private: true,
  type: 'module',
  engines: { node: '>=22' },
  scripts: { postinstall: 'node compile-cache.mjs', start: 'node --max-semi-space-size=2 index.mjs' },
  dependencies: Object.fromEntries(imported.map((id) => [id, versions[id]])),
};
const installed = imported.map((id) => join(shared, 'node_modules', id));
// Under npm start dist/ has no packages of its own. A codec that it cannot reach is done without, silently and slowly.
const { resolve: reach } = createRequire(join(folder, 'dist', 'index.mjs'));
for (const id of imported.filter((each) => !isReachable(each))) {
  console.error(`${name}: dist/ cannot reach ${id} under npm start: add it to the devDependencies of the root's package.json.`);
  process.exitCode = 1;
}
const notices = await collectNotices([...modules], installed);
for (const each of notices.unlicensed) console.warn(`${name}: ${each} names no licence`);

const ours = [...modules].filter((path) => existsSync(path) && !path.includes('/node_modules/'));
const inputs = [
  ...ours,
  join(shared, 'package.json'),
  import.meta.filename,
  join(import.meta.dirname, 'builtin-modules.ts'),
  join(import.meta.dirname, 'function-modules.ts'),
  join(import.meta.dirname, 'inline.ts'),
  join(import.meta.dirname, 'notices.ts'),
];
const digests = inputs.sort().map(async (path) => {
  const digest = createHash('sha256').update(await readFile(path));
  return [relative(join(folder, 'dist'), path), digest.digest('hex')] as const;
});
const sources = { function: name, files: Object.fromEntries(await Promise.all(digests)) };

/** In the order in which they are put in place: the entry after what it loads, and sources.json, which says that all belong together, last. */
const files = new Map([
  ...output
    .toSorted((one, other) => rank(one) - rank(other))
    .map((item): [string, string | Uint8Array] => [basename(item.fileName), item.type === 'chunk' ? item.code : item.source]),
  ['package.json', `${JSON.stringify(manifest, null, 2)}\n`],
  ['THIRD-PARTY-NOTICES.txt', notices.text],
  ['sources.json', `${JSON.stringify(sources, null, 2)}\n`],
]);
// The folder stays, since it is where the function that runs is at work, and every file is the old one or the new one.
await mkdir('dist', { recursive: true });
for (const [file, content] of files) {
  const draft = join('dist', `.${file}.${process.pid}`);
  await writeFile(draft, content);
  await rename(draft, join('dist', file));
}
for (const file of await readdir('dist')) if (!files.has(file)) await rm(join('dist', file), { recursive: true });
const size = chunks.reduce((sum, { code }) => sum + code.length, 0);
console.log(`${name}: ${files.size} files, ${(size / 1024).toFixed(0)} KB`);

function rank(item: { type: string; isEntry?: boolean }): number {
  return item.type === 'chunk' && item.isEntry ? 1 : 0;
}

function isReachable(id: string): boolean {
  try {
    return reach(id) !== '';
  } catch {
    return false;
  }
}

/** "functions/blur/src/index.ts:3:14: Unexpected token", for each mistake. */
function explain(error: unknown): never {
  const mistakes = (error as { errors?: RolldownError[] }).errors;
  if (!mistakes) throw error;
  for (const { loc, id = loc?.file ?? folder, message } of mistakes) {
    const place = [relative(resolve(import.meta.dirname, '..'), id), ...(loc ? [loc.line, loc.column + 1] : [])].join(':');
    console.error(`${place}: ${message.replace(/^\[\w+\] /, '').split('\n')[0]}`);
  }
  process.exit(1);
}
