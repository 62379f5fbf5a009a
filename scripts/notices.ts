import { existsSync } from 'node:fs';
import { readdir, readFile, realpath } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const require = createRequire(import.meta.url);

interface Package {
  folder: string;
  name: string;
  version: string;
  /** An SPDX expression, as its package.json gives it. */
  license?: string;
}

interface Manifest {
  name?: string;
  version?: string;
  license?: string | { type?: string };
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
}

/** The third-party code in a build, with its licences. */
export interface Notices {
  text: string;
  /** Packages that name no licence, as "name@version". */
  unlicensed: string[];
}

/**
 * @param modules paths of all files that went into a bundle
 * @param installed folders of packages installed next to it, including their dependencies
 */
export async function collectNotices(modules: string[], installed: string[]): Promise<Notices> {
  const folders = new Set<string>();
  // First, with what they depend on: a part of one may be in the bundle as well.
  for (const folder of installed) await addWithDependencies(await realpath(folder), folders);
  for (const module of modules.filter((path) => path.includes('/node_modules/'))) folders.add(packageFolder(module));
  const packages = await Promise.all([...folders].map(readPackage));
  packages.sort((one, other) => titleOf(one).localeCompare(titleOf(other)));

  const sections = await Promise.all(packages.map(sectionOf));
  const unlicensed = packages.filter((_each, index) => sections[index]!.texts.length === 0).map(titleOf);
  const bodies = sections.map(({ title, texts }) => [title, '', texts.join('\n\n') || 'It names no licence.'].join('\n'));
  const head = `This function contains work of others. It is theirs, and used under the licences below.
Packages with machine code differ by platform; these are of ${process.platform}-${process.arch}.`;
  return { text: `${[head, ...bodies].join(`\n\n${'-'.repeat(80)}\n\n`)}\n`, unlicensed };
}

/** The innermost folder around a file whose package.json has a name and a version. */
function packageFolder(file: string): string {
  for (let folder = dirname(file); folder !== dirname(folder); folder = dirname(folder)) {
    const path = join(folder, 'package.json');
    const { name, version } = existsSync(path) ? (require(path) as Manifest) : {};
    if (name && version) return folder;
  }
  throw new Error(`${file} belongs to no package`);
}

async function addWithDependencies(folder: string, folders: Set<string>): Promise<void> {
  if (folders.has(folder)) return;
  folders.add(folder);
  const { dependencies, optionalDependencies } = await readManifest(folder);
  const places = createRequire(join(folder, 'package.json'));
  for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
    const found = places.resolve.paths(name)?.find((place) => existsSync(join(place, name, 'package.json')));
    // A missing optional package is for another platform.
    if (found) await addWithDependencies(await realpath(join(found, name)), folders);
  }
}

async function readPackage(folder: string): Promise<Package> {
  const { name = '', version = '', license } = await readManifest(folder);
  const expression = typeof license === 'string' ? license : license?.type;
  return { folder, name, version, ...(expression && { license: expression }) };
}

async function readManifest(folder: string): Promise<Manifest> {
  return JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as Manifest;
}

async function sectionOf(each: Package): Promise<{ title: string; texts: string[] }> {
  const files = (await readdir(each.folder)).filter((file) => /^(licen[cs]e|copying|copyright|notice)/i.test(file)).sort();
  const own = await Promise.all(files.map((file) => readFile(join(each.folder, file), 'utf8')));
  const texts = own.length > 0 ? own : standardTexts(each.license);
  // A package under the LGPL that contains its text rarely contains that of the GPL, too.
  if (own.length > 0 && each.license?.startsWith('LGPL-3')) texts.push(...standardTexts(each.license.replace('LGPL', 'GPL')));
  // It holds many libraries, and its README alone says which, and under which licences.
  if (each.name.includes('sharp-libvips')) texts.unshift(await readFile(join(each.folder, 'README.md'), 'utf8'));
  return { title: `${titleOf(each)}${each.license ? `, ${each.license}` : ''}`, texts: texts.map((text) => text.trim()) };
}

/** The texts of the licences in an SPDX expression, for a package that contains none. */
function standardTexts(expression = ''): string[] {
  const names = expression.match(/[\w.+-]+/g)?.filter((word) => !['AND', 'OR', 'WITH'].includes(word)) ?? [];
  return names.flatMap((name) => {
    // The LGPL is a supplement to the GPL, and says nothing without it.
    const needed = name.startsWith('LGPL-3') ? [name, name.replace('LGPL', 'GPL')] : [name];
    return needed.filter((each) => spdx(each)).map((each) => spdx(each)!);
  });
}

function spdx(name: string): string | undefined {
  try {
    return (require(`spdx-license-list/licenses/${name}.json`) as { licenseText: string }).licenseText;
  } catch {
    return undefined;
  }
}

function titleOf({ name, version }: Package): string {
  return `${name}@${version}`;
}
