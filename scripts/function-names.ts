import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join, relative, resolve } from 'node:path';
import { LineCounter, parseDocument } from 'yaml';

const repository = resolve(import.meta.dirname, '..');

/** What is wrong with the names of the function in a folder: one that was copied by hand still has those of another. */
export async function faultsOfNames(folder: string): Promise<string[]> {
  return [...(await faultsOfFunc(folder)), ...(await faultsOfPackage(folder))];
}

export function packageName(folder: string): string {
  return `@darkroom/${basename(folder)}`;
}

export function shown(path: string): string {
  return relative(repository, path);
}

async function faultsOfFunc(folder: string): Promise<string[]> {
  const path = join(folder, 'func.yaml');
  const lines = new LineCounter();
  const document = parseDocument(await readFile(path, 'utf8'), { lineCounter: lines });
  const name = document.get('name');
  if (name === basename(folder)) return [];
  const { line } = lines.linePos((document.get('name', true) as { range?: [number] } | undefined)?.range?.[0] ?? 0);
  const is = `its name is ${String(name)}, and that of its folder ${basename(folder)}`;
  return [`${shown(path)}:${line}: ${is}. Write name: ${basename(folder)}.`];
}

async function faultsOfPackage(folder: string): Promise<string[]> {
  const path = join(folder, 'package.json');
  const { name } = existsSync(path) ? (JSON.parse(await readFile(path, 'utf8')) as { name?: string }) : {};
  if (name === undefined || name === packageName(folder)) return [];
  return [
    `${shown(path)}: its name is ${name}. Write "name": "${packageName(folder)}", so that the build can tell it from others.`,
  ];
}
