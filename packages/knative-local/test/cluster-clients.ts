import { execFile, spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { onTestFinished } from 'vitest';

const runs = (program: string, words: string[]) => spawnSync(program, words, { stdio: 'ignore' }).status === 0;
export const hasKubectl = runs('kubectl', ['version', '--client']);
/** `.ci/run` installs it; or name the program in KN. */
const knProgram = process.env['KN'] ?? 'kn';
export const hasKn = hasKubectl && runs(knProgram, ['version']);

export interface Said {
  /** What it printed, errors included. */
  output: string;
  failed: boolean;
}

export type Client = (line: string, input?: string) => Promise<Said>;

/** The real kubectl and kn, on the runtime of a folder. A line is split at spaces; quotes keep words together. */
export function clientsOf(folder: string): { kubectl: Client; kn: Client; environment: Record<string, string> } {
  const environment = {
    PATH: process.env['PATH'] ?? '',
    HOME: folder,
    KUBECONFIG: join(folder, '.knative-local/kubeconfig'),
    EDITOR: process.env['EDITOR'] ?? '',
  };
  const client =
    (program: string): Client =>
    async (line, input) => {
      const running = promisify(execFile)(program, wordsOf(line), { cwd: folder, env: { ...environment, ...editor(line) } });
      running.child.stdin?.end(input);
      return running.then(
        ({ stdout, stderr }) => ({ output: stdout + stderr, failed: false }),
        ({ stdout, stderr }: { stdout: string; stderr: string }) => ({ output: stdout + stderr, failed: true }),
      );
    };
  return { kubectl: client('kubectl'), kn: client(knProgram), environment };
}

/** A client that keeps printing, such as `kubectl get -w`, until the test ends. */
export function follow(folder: string, line: string): () => string {
  const { environment } = clientsOf(folder);
  const child = spawn('kubectl', wordsOf(line), { cwd: folder, env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => void child.kill());
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  return () => output;
}

function wordsOf(line: string): string[] {
  return [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain!);
}

/** `edit trigger shout s/one/other/` edits by sed. */
function editor(line: string): { EDITOR?: string } {
  return line.startsWith('edit') ? { EDITOR: 'sed -i s/greeting.sent/greeting.edited/' } : {};
}
