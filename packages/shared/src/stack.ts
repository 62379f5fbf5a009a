import { readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { fileURLToPath } from 'node:url';

const maps = new Map<string, SourceMap | undefined>();

/**
 * Where an error was thrown, by file and line of the source. The message is left out: whoever logs the error decides whether to show it.
 * The source map is read only at the first error; `--enable-source-maps` would read it at every start.
 * @returns lines like "    at render (../src/index.ts:12:3)"; empty if the error has no stack
 */
export function stackOf(error: unknown): string {
  const frames = (error instanceof Error && error.stack?.split('\n').filter((line) => /^\s+at /.test(line))) || [];
  return frames.map((frame) => frame.replace(/(file:\/\/[^\s()]+?):(\d+):(\d+)/, inSource)).join('\n');
}

function inSource(place: string, url: string, line: string, column: string): string {
  const entry = mapOf(url)?.findEntry(Number(line) - 1, Number(column) - 1);
  if (!entry || !('originalSource' in entry)) return place;
  return `${entry.originalSource}:${entry.originalLine + 1}:${entry.originalColumn + 1}`;
}

function mapOf(url: string): SourceMap | undefined {
  if (!maps.has(url)) maps.set(url, readMap(url));
  return maps.get(url);
}

function readMap(url: string): SourceMap | undefined {
  try {
    return new SourceMap(
      JSON.parse(readFileSync(`${fileURLToPath(url)}.map`, 'utf8')) as ConstructorParameters<typeof SourceMap>[0],
    );
  } catch {
    return undefined;
  }
}
