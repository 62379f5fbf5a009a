import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { openBrowser } from '../packages/lab/test/pipeline/browser.ts';

/** A picture of a terminal: what was typed, and what it printed. */
export interface Screen {
  name: string;
  commands: string;
  output: string;
}

/** Takes a picture of each into a folder, as `<name>.png`. */
export async function photograph(screens: Screen[], folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const browser = await openBrowser();
  try {
    const page = await browser.newPage({ viewport: { width: 1080, height: 200 }, deviceScaleFactor: 2 });
    for (const { name, commands, output } of screens) {
      await page.setContent(html(commands, output));
      const picture = await page.locator('pre').screenshot();
      await sharp(picture)
        .png({ palette: true, colours: 32 })
        .toFile(join(folder, `${name}.png`));
    }
  } finally {
    await browser.close();
  }
}

function html(commands: string, output: string): string {
  const typed = commands
    .trimEnd()
    .split('\n')
    .map((line) => `<b>$ ${escaped(line)}</b>`)
    .join('\n');
  const style =
    'body{margin:0}pre{margin:0;padding:18px 22px;width:max-content;min-width:1000px;background:#16181d;color:#c9d1d9;font:13px/1.55 "DejaVu Sans Mono",monospace}b{color:#e9a15b;font-weight:normal}';
  return `<style>${style}</style><pre>${typed}\n${escaped(output)}</pre>`;
}

const escaped = (text: string) => text.replace(/[&<>]/g, (sign) => `&#${sign.charCodeAt(0)};`);
