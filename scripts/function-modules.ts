import { existsSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join, resolve } from 'node:path';
import type { Plugin } from 'rolldown';

/** What is loaded first. */
export const entry = 'darkroom:entry';
/** A program of its own, which `npm install` runs in dist/. */
export const compileCache = join(import.meta.dirname, 'compile-cache.ts');

const functionId = 'darkroom:function';
const shared = resolve(import.meta.dirname, '../packages/shared');

/**
 * Imported, a module of Node shows all that it has, and for that loads what it otherwise loads when it is asked for: node:http its WebSocket, with all
 * of fetch, a quarter of the time in which Node itself starts; node:fs its streams. Most functions use none of it. So they are taken from
 * `process.getBuiltinModule`, without those properties.
 */
const builtin = 'darkroom:builtin:';
function moduleOf(id: string): string {
  const properties = Object.entries(Object.getOwnPropertyDescriptors(process.getBuiltinModule(id)));
  const plain = properties.filter(([key, property]) => ('value' in property || needed.includes(key)) && key !== 'default');
  const names = plain.map(([key]) => key).join(', ');
  return `const builtin = process.getBuiltinModule('${id}'); export default builtin; export const { ${names} } = builtin;`;
}
/** Getters that are used all the same. The build fails if one is missing here. */
const needed = ['AsyncLocalStorage', 'promises'];

/** What the function consists of may have been compiled already, while its image was built. */
const entryCode = `const directory = import.meta.dirname + '/.compile-cache';
if (process.getBuiltinModule('node:fs').existsSync(directory))
  process.getBuiltinModule('node:module').enableCompileCache({ directory, portable: true });
await import('${functionId}');`;

/** The runtime keeps raw bodies if it is told to, which is never; with them go all of iconv-lite's tables. */
const unused = 'darkroom:unused';

/**
 * Provides the entry of a function, and the modules of Node. src/main.ts, if there is one, is a complete server; otherwise src/index.ts is a
 * stage, and is wrapped in the runtime.
 * @param folder of the function
 * @param read called with every module
 */
export function functionModules(folder: string, read: (id: string) => void): Plugin {
  const ownServer = join(folder, 'src/main.ts');
  const wrapper = `import { serve } from '${shared}/src/stage/serve.ts'; import * as stage from '${folder}/src/index.ts'; await serve(stage);`;
  return {
    name: 'darkroom',
    resolveId(id, importer, { kind }) {
      if (id === entry) return id;
      if (id === functionId) return existsSync(ownServer) ? ownServer : id;
      if (id === 'fastify-raw-body') return unused;
      return isBuiltin(id) && kind === 'import-statement' && importer !== compileCache ? builtin + id : undefined;
    },
    load(id) {
      if (id === entry) return entryCode;
      if (id === functionId) return wrapper;
      if (id === unused) return 'export default undefined;';
      return id.startsWith(builtin) ? moduleOf(id.slice(builtin.length)) : undefined;
    },
    generateBundle() {
      for (const id of this.getModuleIds()) read(id);
    },
  };
}
