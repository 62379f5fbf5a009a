import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type Plugin, rolldown } from 'rolldown';

const query = '?inline';
/** Nothing else that looks at file names, such as Vite's own treatment of CSS, may recognise these modules. */
const mark = '\0inline:';

/**
 * Provides `?inline` imports (a page's HTML, CSS and browser script) as text.
 * @param read is told of every file that goes into it
 */
export function inline(read: (file: string) => void = () => {}): Pick<Plugin, 'name' | 'resolveId' | 'load'> {
  async function bundleBrowserScript(file: string): Promise<string> {
    const bundle = await rolldown({ input: file, platform: 'browser' });
    const { output } = await bundle.generate({ format: 'iife', minify: true });
    output[0].moduleIds.forEach(read);
    return output[0].code;
  }

  return {
    name: 'inline',
    resolveId(id, importer) {
      return id.endsWith(query) && importer ? `${mark}${resolve(importer, '..', id.slice(0, -query.length))}!` : undefined;
    },
    async load(id) {
      if (!id.startsWith(mark)) return undefined;
      const file = id.slice(mark.length, -1);
      read(file);
      const text = file.endsWith('.ts') ? await bundleBrowserScript(file) : await readFile(file, 'utf8');
      const bare = file.endsWith('.css') ? withoutComments(text) : text;
      return { code: `export default ${JSON.stringify(bare)};`, moduleType: 'js' };
    },
  };
}

/** Comments in a style are for those who write it; a browser would load them, and the indentation, with every page. */
const withoutComments = (css: string) => css.replace(/\/\*[^]*?\*\/\n?/g, '').replace(/^ +/gm, '');
