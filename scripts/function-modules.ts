import { existsSync, readFileSync } from 'node:fs';
import { createRequire, isBuiltin } from 'node:module';
import { join, resolve } from 'node:path';
import type { Plugin } from 'rolldown';
import { lateRequired, moduleOf } from './builtin-modules.ts';

/** What is loaded first. */
export const entry = 'darkroom:entry';
/** A program of its own, which `npm install` runs in dist/. */
export const compileCache = join(import.meta.dirname, 'compile-cache.ts');

const functionId = 'darkroom:function';
/** Modules of Node, as functions get them. */
const builtin = 'darkroom:builtin:';
const shared = resolve(import.meta.dirname, '../packages/shared');

/** What the function consists of may have been compiled already, while its image was built. */
const entryCode = (folder: string) => `${hasWorkers(folder) ? `import '${ahead}';` : ''}
const directory = import.meta.dirname + '/.compile-cache';
if (process.getBuiltinModule('node:fs').existsSync(directory))
  process.getBuiltinModule('node:module').enableCompileCache({ directory, portable: true });
await import('${functionId}');`;

/** Starts a worker. */
export const ahead = join(shared, 'src/worker/ahead.ts');
/** A function whose workers are not found here has them all the same: they only start later. */
const hasWorkers = (folder: string) =>
  existsSync(join(folder, 'src/worker.ts')) ||
  (existsSync(join(folder, 'src/index.ts')) &&
    readFileSync(join(folder, 'src/index.ts'), 'utf8').includes('@darkroom/shared/filter'));

/** All files import it, so it must import none of them. */
const bundlersOwn = 'rolldown/runtime';

/** What a package loads at every start. */
interface Load {
  by: string;
  id: string;
  /** What it gets instead. */
  code?: string;
}
const nameOf = ({ by, id }: Load) => `darkroom:instead:${by}:${id}`;
const find = (loads: Load[], request: string, importer = '') =>
  loads.find(({ by, id }) => id === request && importer.includes(`/node_modules/${by}/`));

/**
 * And Darkroom never uses.
 * - The runtime keeps raw bodies if it is told to; with them go all of iconv-lite's tables.
 * - It protects health checks of its own, which every stage replaces, by a timer that wakes the process 200 times a second.
 * - CloudEvents are sent by Node's http without keeping connections; ours go by fetch.
 * - Limits can be shared by a cluster of Node's.
 * - Prometheus' client pushes to a gateway, and looks for traces if it is told to keep exemplars. It measures the event loop, a hundred times a
 *   second, and each collection of garbage for a /metrics of the runtime's own, whose other figures stay; Darkroom's has neither
 *   (packages/shared/src/metrics/process.ts).
 * - Sharp compares its version of libvips with that of the system, to see whether it should be compiled.
 * - Routes could have regular expressions, whose safety Fastify's router looks into; it does so for its own at each start.
 * - Fastify compiles schemas of routes, which no route has, and is sent requests by tests; it compares its version with those that plugins
 *   ask for, which the lockfile has decided.
 */
const unused: Load[] = [
  { by: 'faas-js-runtime', id: 'fastify-raw-body' },
  { by: 'faas-js-runtime', id: 'overload-protection' },
  { by: 'cloudevents', id: './transport/http' },
  { by: 'rate-limiter-flexible', id: './lib/RateLimiterCluster' },
  { by: 'prom-client', id: './lib/pushgateway' },
  { by: 'prom-client', id: './metrics/eventLoopLag' },
  { by: 'prom-client', id: './metrics/gc' },
  { by: 'prom-client', id: '@opentelemetry/api' },
  { by: 'fastify', id: '@fastify/ajv-compiler' },
  { by: 'fastify', id: '@fastify/fast-json-stringify-compiler' },
  { by: 'fastify', id: 'light-my-request' },
  { by: 'fastify', id: 'semver', code: 'exports.satisfies = exports.gte = () => true;' },
  { by: 'find-my-way', id: 'safe-regex2', code: 'module.exports = () => true;' },
  { by: 'sharp', id: 'semver', code: 'exports.coerce = (version) => ({ version }); exports.satisfies = () => true;' },
].map((load) => ({ code: 'module.exports = () => undefined;', ...load }));

/** And needs at some request, or never: it is loaded when it is first used. */
const later: Load[] = [
  { by: 'faas-js-runtime', id: 'crypto' },
  { by: 'faas-js-runtime', id: 'qs' },
  { by: 'faas-js-runtime', id: 'js-yaml' },
  { by: 'fastify', id: 'node:crypto' },
  { by: 'fastify', id: 'node:http2' },
  { by: 'fastify', id: 'node:https' },
  {
    by: 'find-my-way',
    id: 'node:assert',
    code: 'module.exports = (value, message) => value || process.getBuiltinModule("assert")(value, message);',
  },
];
const whenUsed = (id: string, importer: string) =>
  isBuiltin(id)
    ? lateRequired(id)
    : `const load = () => require(${JSON.stringify(createRequire(importer).resolve(id))});
module.exports = new Proxy(() => {}, { get: (_none, name) => load()[name], apply: (_none, _this, values) => load()(...values) });`;

/** Sharp is bundled, since its fifty files take longer to find than to load. Its addon stays where npm has put it: where sharp would look for it. */
const ownRequire = 'createRequire(import.meta.url)';
const requireOf = (id: string) => `createRequire(${ownRequire}.resolve('${id}'))`;

/** src/main.ts, if there is one, is a complete server; otherwise src/index.ts is a stage, and is wrapped in the runtime. */
export function rootOf(folder: string): string {
  const ownServer = join(folder, 'src/main.ts');
  return existsSync(ownServer) ? ownServer : functionId;
}

/**
 * Provides the entry of a function, and the modules of Node.
 * @param folder of the function
 * @param read called with every module
 */
export function functionModules(folder: string, read: (id: string) => void): Plugin {
  const wrapper = `import { serve } from '${shared}/src/stage/serve.ts'; import * as stage from '${folder}/src/index.ts'; await serve(stage);`;
  const instead = new Map<string, string>();
  return {
    name: 'darkroom',
    resolveId(id, importer, { kind }) {
      if (id === entry) return id;
      if (id === functionId) return rootOf(folder);
      const load = find(unused, id, importer) ?? find(later, id, importer);
      if (load) {
        instead.set(nameOf(load), load.code ?? whenUsed(id, importer!));
        return nameOf(load);
      }
      if (importer === compileCache || importer?.includes(bundlersOwn)) return undefined;
      return isBuiltin(id) && kind === 'import-statement' ? builtin + id : undefined;
    },
    load(id) {
      if (id === entry) return entryCode(folder);
      if (id === functionId) return wrapper;
      if (instead.has(id)) return instead.get(id);
      return id.startsWith(builtin) ? moduleOf(id.slice(builtin.length)) : undefined;
    },
    transform(code, id) {
      if (!id.includes('/node_modules/sharp/') || !code.includes(ownRequire)) return undefined;
      return { code: code.replace(ownRequire, requireOf('sharp')), map: null };
    },
    generateBundle() {
      const modules = [...this.getModuleIds()].filter((id) => !id.startsWith('darkroom:'));
      for (const id of modules) read(id);
      const isHere = ({ by }: Load) => modules.some((id) => id.includes(`/node_modules/${by}/`));
      for (const load of unused)
        if (isHere(load) && !instead.has(nameOf(load)))
          this.error(`${load.by} no longer loads ${load.id}: see what it loads now, and correct scripts/function-modules.ts`);
    },
  };
}
