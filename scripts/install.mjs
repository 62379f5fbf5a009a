/**
 * node scripts/install.mjs [--prod]
 *
 * Installs packages by pnpm and says how far it is; with --prod only those that npm start needs. It is JavaScript without packages, since it
 * runs on whatever Node there is, before anything is installed.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs, { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { dropHeaders, dropUnloaded } from './install-lean.mjs';
import { createProgress } from './install-progress.mjs';

const oldestNode = 20;
/** Megabytes that an installation takes while it goes on, with what package managers keep in the home folder. */
const needed = { prod: 700, all: 1300 };

process.chdir(join(dirname(fileURLToPath(import.meta.url)), '..'));
const modules = 'node_modules';
/** Written last: a digest of all that says what to install. */
const stamp = join(modules, '.installed');
/** Written before files of packages go that npm start does not need: what comes on top of it would lack them. */
const leanMark = join(modules, '.lean');
/** For pnpm itself and for npm's copies of what it fetches: 180 MB in the home folder that nobody would use again. */
const downloads = '.downloads';
const cache = join(downloads, 'cache');
/** pnpm's store, from which packages are linked. Developers have theirs in the home folder, for all that they work on. */
const store = join(downloads, 'store');
// What developers have installed stays.
const kind = process.argv.includes('--prod') && !existsSync(join(modules, 'vitest')) ? 'prod' : 'all';
const again = `run npm ${process.env.npm_lifecycle_event === 'prestart' ? 'start' : 'run build'} again`;

const [major] = process.versions.node.split('.');
if (Number(major) < oldestNode)
  fail(
    `This is Node ${process.versions.node}; Darkroom needs ${oldestNode} or newer. Get one from https://nodejs.org, and ${again}.`,
  );
const wanted = `${kind} ${digest()}\n`;
if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== wanted) await install();

function digest() {
  const hash = createHash('sha256');
  const members = ['functions', 'packages'].flatMap((parent) => readdirSync(parent).map((name) => join(parent, name)));
  const manifests = members.map((folder) => join(folder, 'package.json')).filter((file) => existsSync(file));
  for (const file of ['package.json', 'pnpm-lock.yaml', 'pnpm-workspace.yaml', ...manifests.sort()])
    hash.update(file).update(readFileSync(file));
  return hash.digest('hex');
}

async function install() {
  const progress = createProgress();
  const isFirst = !existsSync(modules);
  progress.say(`Installing packages.${isFirst ? ' The first time, this takes about a minute.' : ''}`);
  if (isFirst) {
    const { bavail, bsize } = fs.statfsSync('.');
    const free = Math.floor((bavail * bsize) / 1e6);
    if (free < needed[kind]) fail(`Only ${free} MB are free here, and Darkroom needs ${needed[kind]}. Make room, and ${again}.`);
  }
  rmSync(stamp, { force: true });
  if (kind === 'all' && existsSync(leanMark)) rmSync(modules, { recursive: true });
  progress.show('pnpm, which installs them');
  const { code, output } = await pnpm(progress.heard);
  rmSync(cache, { recursive: true, force: true });
  if (code !== 0) {
    if (!existsSync(store)) rmSync(downloads, { recursive: true, force: true });
    fail(explain(output));
  }
  rmSync(downloads, { recursive: true, force: true });
  dropHeaders(modules);
  if (kind === 'prod') {
    writeFileSync(leanMark, '');
    dropUnloaded(modules);
  }
  writeFileSync(stamp, wanted);
  progress.end();
}

/**
 * The lockfile names each package with its digest. npm test has pnpm check it against the registry's metadata as well, 165 MB, which whoever
 * only starts Darkroom is spared.
 */
async function pnpm(heard) {
  const { packageManager } = JSON.parse(readFileSync('package.json', 'utf8'));
  const installed = join(modules, 'pnpm/pnpm');
  const program = existsSync(installed) ? [installed] : ['npx', '--yes', packageManager];
  // Whoever has no network is told so in seconds.
  const retries = { 'fetch-retry-mintimeout': '1000', 'fetch-retry-maxtimeout': '5000' };
  const flags = [
    '--prefer-frozen-lockfile',
    '--reporter=ndjson',
    ...Object.entries(retries).map(([name, value]) => `--config.${name}=${value}`),
    ...(kind === 'prod' ? ['--prod', '--trust-lockfile', `--store-dir=${resolve(store)}`] : []),
  ];
  const settings = { cache: resolve(cache), 'update-notifier': 'false', ...retries };
  const [command, ...rest] = [...program, 'install', ...flags];
  const child = spawn(command, rest, {
    env: {
      ...process.env,
      ...Object.fromEntries(Object.entries(settings).map(([name, value]) => [`npm_config_${name.replaceAll('-', '_')}`, value])),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = [];
  for (const stream of [child.stdout, child.stderr])
    createInterface(stream).on('line', (line) => {
      const fault = heard(line);
      if (fault) output.push(fault);
    });
  const code = await new Promise((done, failed) => child.on('close', done).on('error', failed));
  return { code, output: output.join('\n') };
}

/** The most frequent causes, and what to do; pnpm's own words for all others. */
function explain(output) {
  if (/ENOSPC|no space left/i.test(output)) return `The disk is full. Make room, and ${again}.`;
  if (/EACCES|EPERM|permission denied/i.test(output))
    return `${output}\nThis user must not write there. Change the folder's owner, and ${again}.`;
  if (/E?AI_AGAIN|ENOTFOUND|ECONN|ETIMEDOUT|ENETUNREACH|dns error|error sending request|fetch/i.test(output))
    return `${output}\nThe package registry did not answer. Check the network (npm ping), and ${again}; what has come is kept.`;
  return `${output}\nPackages could not be installed. When that is put right, ${again}.`;
}

function fail(sentence) {
  console.error(sentence);
  process.exit(1);
}
