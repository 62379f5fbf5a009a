import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { dark, light } from '../src/colours.ts';

test('a mail has the colours of the page', () => {
  const css = readFileSync(new URL('../../ingest/page/base.css', import.meta.url), 'utf8');
  const [bright = '', dim = ''] = css.split('@media (prefers-color-scheme: dark)');
  const colourIn = (part: string, name: string) => new RegExp(`--${dashed(name)}: ([^;]+);`).exec(part)?.[1];
  for (const [colours, part] of [[light, bright] as const, [dark, dim] as const])
    expect(Object.fromEntries(Object.keys(colours).map((name) => [name, colourIn(part, name)]))).toEqual(colours);
});

const dashed = (name: string) => name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
