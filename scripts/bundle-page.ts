/**
 * Bundles the page in the current folder into one file, dist/<name>.html: page/page.html with the text of page/*.css and of page/page.ts,
 * which may import others, in the places that it marks.
 */
import { globSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { rolldown } from 'rolldown';

const name = process.argv[2];
if (!name) throw new Error('Usage: node bundle-page.ts NAME');
const bundle = await rolldown({ input: 'page/page.ts', platform: 'browser' });
const { output } = await bundle.generate({ format: 'iife', minify: true });
const styles = globSync('page/*.css').sort();
const parts: Record<string, string> = {
  style: (await Promise.all(styles.map((file) => readFile(file, 'utf8')))).join('\n'),
  script: output[0].code,
};
const html = (await readFile('page/page.html', 'utf8')).replaceAll(
  /\/\*(style|script)\*\//g,
  (_mark, part: string) => parts[part]!,
);
await mkdir('dist', { recursive: true });
// Whoever asks for it meanwhile gets the old one or the new one.
await writeFile('dist/page.part', html);
await rename('dist/page.part', `dist/${name}.html`);
console.log(`${name}: ${(html.length / 1024).toFixed(0)} KB`);
