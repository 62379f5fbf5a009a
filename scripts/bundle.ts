/**
 * Bundles the function in the current folder, with all shared code, into dist/: index.mjs, and a package.json that lists only what
 * cannot be bundled (native packages, at the exact version that was tested) and how to start. func.yaml points the buildpack there, since
 * it sees nothing outside the function's folder and npm cannot install `workspace:`. dist/ also gets a source map, the licences of
 * third-party code, and sources.json: what it was built from, so that no stale or copied build runs.
 *
 * src/main.ts, if there is one, is a complete server; otherwise src/index.ts is a stage, and is wrapped in the runtime.
 */
import { existsSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, join, relative, resolve } from 'node:path';
import { type OutputChunk, type Plugin, rolldown, type RolldownError } from 'rolldown';
import { faultsOfNames } from './function-names.ts';
import { inline } from './inline.ts';
import { collectNotices } from './notices.ts';

const folder = process.cwd();
const faults = await faultsOfNames(folder);
for (const fault of faults) console.error(fault);
if (faults.length > 0) process.exit(1);

const name = /^name: *(\S+)/m.exec(await readFile('func.yaml', 'utf8'))?.[1] ?? basename(folder);
const shared = resolve(import.meta.dirname, '../packages/shared');
/** Packages with native code, which stay outside the bundle. */
const native = ['sharp', '@julusian/jpeg-turbo'];

const ownServer = join(folder, 'src/main.ts');
const wrapper = `import { serve } from '${shared}/src/stage/serve.ts'; import * as stage from '${folder}/src/index.ts'; await serve(stage);`;

/** Every file that was read for the bundle. */
const modules = new Set<string>();

/** Provides the entry of a stage. */
const plugin: Plugin = {
  name: 'darkroom',
  resolveId: (id) => (id === 'darkroom:stage' ? id : undefined),
  load: (id) => (id === 'darkroom:stage' ? wrapper : undefined),
  generateBundle() {
    for (const id of this.getModuleIds()) modules.add(id);
  },
};

const bundle = await rolldown({
  input: existsSync(ownServer) ? ownServer : 'darkroom:stage',
  platform: 'node',
  external: native,
  // A function is called what func.yaml calls it: nothing else has to say so (packages/shared/src/filter/filter.ts).
  transform: { define: { 'process.env.FUNC_NAME': JSON.stringify(name) } },
  plugins: [plugin, inline((file) => modules.add(file))],
  onLog(level, log, handle) {
    // What cannot be found here cannot be found in the cluster either.
    handle(log.code === 'UNRESOLVED_IMPORT' ? 'error' : level, log);
  },
});
const { output } = await bundle
  .generate({
    file: join('dist', 'index.mjs'),
    format: 'esm',
    minify: { mangle: true, compress: true, codegen: true },
    // The runtime recognises an event by the name of its class.
    keepNames: true,
    codeSplitting: false,
    sourcemap: true,
    // Lines are enough; the sources are in the repository.
    sourcemapExcludeSources: true,
    // faas-js-runtime's node-os-utils assigns to an undeclared variable.
    banner: 'globalThis.osu ??= undefined;',
  })
  .catch(explain);

const chunk = output.find((item): item is OutputChunk => item.type === 'chunk')!;
const imported = [...chunk.imports, ...chunk.dynamicImports].filter((id) => native.includes(id));
const require = createRequire(join(shared, 'package.json'));
const { dependencies: versions } = require('./package.json') as { dependencies: Record<string, string> };
const manifest = {
  name: `darkroom-${name}`,
  private: true,
  type: 'module',
  engines: { node: '>=22' },
  scripts: { start: 'node index.mjs' },
  dependencies: Object.fromEntries(imported.map((id) => [id, versions[id]])),
};
const installed = imported.map((id) => join(shared, 'node_modules', id));
const notices = await collectNotices([...modules], installed);
for (const each of notices.unlicensed) console.warn(`${name}: ${each} names no licence`);

const ours = [...modules].filter((path) => existsSync(path) && !path.includes('/node_modules/'));
const inputs = [
  ...ours,
  join(shared, 'package.json'),
  import.meta.filename,
  join(import.meta.dirname, 'inline.ts'),
  join(import.meta.dirname, 'notices.ts'),
];
const digests = inputs.sort().map(async (path) => {
  const digest = createHash('sha256').update(await readFile(path));
  return [relative(join(folder, 'dist'), path), digest.digest('hex')] as const;
});
const sources = { function: name, files: Object.fromEntries(await Promise.all(digests)) };

/** In the order in which they are put in place: sources.json says that the others belong together. */
const files = new Map([
  ...output.map((item): [string, string | Uint8Array] => [
    basename(item.fileName),
    item.type === 'chunk' ? item.code : item.source,
  ]),
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
console.log(`${name}: ${files.size} files, ${(chunk.code.length / 1024).toFixed(0)} KB`);

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
