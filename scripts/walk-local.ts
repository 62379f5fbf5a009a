/**
 * npm run walk:local: runs the commands of docs/walk-local.md against `npm start -- --scale-out`, and writes what they print below
 * them. Needs kubectl and kn.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { openOwnLab } from './own-lab.ts';
import { type Block, openShell, readWalkPage } from './walk-page.ts';

const page = resolve(import.meta.dirname, '../docs/walk-local.md');
const lab = await openOwnLab({ PORT: process.env['PORT'] ?? '8080' }, ['--scale-out']);
const shell = openShell(lab.folder, process.env);
try {
  const walk = readWalkPage(await readFile(page, 'utf8'));
  const outputs = new Map<Block, string>();
  for (const block of walk.blocks) {
    console.log(block.commands);
    outputs.set(block, await shell.run(block.commands));
    console.log(outputs.get(block));
  }
  await writeFile(page, walk.written(outputs));
} finally {
  shell.end();
  await lab.end();
}
