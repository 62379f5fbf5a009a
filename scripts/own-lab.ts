import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { photo } from '../test/cluster/people.ts';

const repository = resolve(import.meta.dirname, '..');
const main = join(repository, 'packages/lab/src/main.ts');

/** `npm start` on copies of config/ and functions/, which can be changed at will. */
export interface OwnLab {
  /** Has config/, functions/, photo.jpg and .darkroom/, as the repository has them while it runs. */
  folder: string;
  /** Ends it, and removes the folder. */
  end(): Promise<void>;
}

/**
 * @param environment such as the PORT; unless it says otherwise, ports are any that are free
 * @throws with what it printed, if it does not become ready
 */
export async function openOwnLab(environment: Record<string, string>, words: string[] = []): Promise<OwnLab> {
  const folder = await mkdtemp(join(tmpdir(), 'lab-'));
  // As deep in the repository as functions/ is: builds know their sources by relative paths, and find packages above them.
  const functions = await mkdtemp(join(repository, '.functions-'));
  const own = (path: string) => !path.endsWith('/node_modules');
  await cp(join(repository, 'functions'), functions, { recursive: true, filter: own });
  await symlink(functions, join(folder, 'functions'));
  await cp(join(repository, 'config'), join(folder, 'config'), { recursive: true });
  await writeFile(join(folder, 'photo.jpg'), await photo(1600, 1200));

  const lab = spawn(process.execPath, [main, ...words], {
    cwd: folder,
    env: {
      PATH: process.env['PATH'],
      PORT: '0',
      SMTP_PORT: '0',
      INBOX_PORT: '0',
      CONFIG_DIR: join(folder, 'config'),
      FUNCTIONS_DIR: functions,
      DATA_DIR: join(folder, '.darkroom'),
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  for (const stream of [lab.stdout, lab.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (printed += text));
  const ended = once(lab, 'close');
  const end = async () => {
    lab.kill('SIGINT');
    await ended;
    for (const each of [folder, functions]) await rm(each, { recursive: true, force: true });
  };
  while (!printed.includes('Darkroom is ready.')) {
    await Promise.race([once(lab.stdout, 'data'), ended]);
    if (lab.exitCode === null) continue;
    await end();
    throw new Error(`npm start did not become ready:\n${printed}`);
  }
  return { folder, end };
}
