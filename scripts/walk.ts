/**
 * npm run walk: runs the commands of docs/deploy.md on the cluster that KUBECONFIG names, and writes what they print below them.
 *
 * Works in a copy of the repository, since the walk adds a function and changes a file. If IMAGE_COMMAND is set, `kn func deploy` is done
 * as in cluster:verify; if GATEWAY_URL is set, curl goes there.
 */
import { spawn } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { photo } from '../test/cluster/people.ts';
import { photograph, type Screen } from './terminal.ts';

const repository = resolve(import.meta.dirname, '..');
const page = join(repository, 'docs/deploy.md');
/** Lines of one output that are kept. */
const mostLines = 40;

const folder = await mkdtemp(join(tmpdir(), 'walk-'));
const copy = join(folder, 'darkroom');
const bin = join(folder, 'bin');
try {
  await cp(repository, copy, { recursive: true, filter: (path) => !/\/(node_modules|\.git|\.darkroom|\.turbo)$/.test(path) });
  await writeFile(join(copy, 'photo.jpg'), await photo(1600, 1200));
  await shims();
  const shell = openShell();
  const screens: Screen[] = [];
  const text = await readFile(page, 'utf8');
  const parts = text.split(/(^(?:<!-- not run -->\n\n)?```sh\n[^]*?^```\n(?:\n```text\n[^]*?^```\n)?)/m);
  for (const [index, part] of parts.entries()) {
    // A comment in the page asks for a picture of the block that follows it.
    const name = /<!-- picture: (\w+) -->\n\n!\[[^\]]*\]\([^)]*\)\n\n$/.exec(parts[index - 1] ?? '')?.[1];
    const commands = /^```sh\n([^]*?)^```\n/m.exec(part)?.[1];
    if (index % 2 === 0 || !commands || part.startsWith('<!-- not run -->')) continue;
    console.log(commands);
    const output = await shell.run(commands);
    console.log(output);
    if (name) screens.push({ name, commands, output });
    parts[index] = `\`\`\`sh\n${commands}\`\`\`\n${output ? `\n\`\`\`text\n${output}\`\`\`\n` : ''}`;
  }
  shell.end();
  await writeFile(page, parts.join(''));
  await photograph(screens, join(repository, 'docs/images'));
} finally {
  await rm(folder, { recursive: true, force: true });
}

/** Commands that a cluster without a container engine or without a public address lacks. */
async function shims(): Promise<void> {
  const { IMAGE_COMMAND, GATEWAY_URL } = process.env;
  await mkdir(bin);
  const func = join(repository, 'test/cluster/func-deploy.ts');
  if (IMAGE_COMMAND) await shim('kn', `[ "$1 $2" = "func deploy" ] && exec ${process.execPath} ${func} "$PWD"\n`);
  if (GATEWAY_URL) await shim('curl', `set -- --connect-to ::${new URL(GATEWAY_URL).host} "$@"\n`);
}

async function shim(name: string, first: string): Promise<void> {
  const path = join(bin, name);
  const rest = `PATH=$(printf %s "$PATH" | sed "s#^${bin}:##") exec ${name} "$@"\n`;
  await writeFile(path, `#!/bin/sh\n${first}${rest}`);
  await chmod(path, 0o755);
}

/** One shell for the whole page, so that variables survive from block to block. */
function openShell() {
  const mark = 'end-of-block-';
  const shell = spawn('bash', ['-u'], {
    cwd: copy,
    env: { ...process.env, PATH: `${bin}${delimiter}${process.env['PATH']}`, TERM: 'dumb' },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let heard = '';
  let listener = () => {};
  shell.stdout.setEncoding('utf8').on('data', (text: string) => {
    heard += text;
    listener();
  });
  return {
    async run(commands: string): Promise<string> {
      heard = '';
      shell.stdin.write(`{ ${commands}\n} 2>&1\nprintf '\\n${mark}%s\\n' $?\n`);
      await new Promise<void>((done) => {
        listener = () => heard.includes(mark) && done();
      });
      const [output = '', code] = heard.split(`\n${mark}`);
      if (code?.trim() !== '0')
        throw new Error(`A command of docs/deploy.md ended with ${code?.trim()}:\n${commands}\n${output}`);
      return shortened(output);
    },
    end: () => shell.stdin.end(),
  };
}

function shortened(output: string): string {
  const lines = output
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '' && !/^(> |npm )/.test(line));
  const kept = lines.length <= mostLines ? lines : [...lines.slice(0, mostLines - 5), '...', ...lines.slice(-4)];
  return kept.map((line) => `${line.replaceAll(copy, '~/darkroom')}\n`).join('');
}
