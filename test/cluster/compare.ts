/**
 * npm run cluster:compare: the same commands of kubectl and kn to `npm start` and to the cluster that KUBECONFIG names; writes what both
 * answer to docs/commands.md. Darkroom is deployed to the namespace darkroom first, unless it is there.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openKubectl } from '../../scripts/kubectl.ts';
import { openOwnLab } from '../../scripts/own-lab.ts';
import { openCluster } from './cluster.ts';
import { areas, type Compared, preparation } from './compared.ts';
import { repository } from './repository.ts';
import { readSettings } from './settings.ts';

const page = join(repository, 'docs/commands.md');
const namespace = 'darkroom';
/** Lines and letters of an answer that its cell has room for. */
const mostLines = 2;
const mostLetters = 110;

/** Milliseconds for a command: kn waits ten minutes for what never becomes ready. */
const longest = 90_000;

/** Where commands go. */
interface Side {
  /** Runs a line of shell. @returns all that it printed, and its exit code unless that is 0 */
  run(command: string): string[];
}

const lab = await openOwnLab({});
const elsewhere = await mkdtemp(join(tmpdir(), 'compare-'));
try {
  await deploy();
  await cp(join(lab.folder, 'config'), join(elsewhere, 'config'), { recursive: true });
  await writeFile(join(elsewhere, 'kubeconfig'), await openKubectl(namespace).run(['config', 'view', '--raw', '--flatten']));
  execFileSync('kubectl', [
    '--kubeconfig',
    join(elsewhere, 'kubeconfig'),
    'config',
    'set-context',
    '--current',
    '--namespace',
    namespace,
  ]);
  const here = openSide(lab.folder, join(lab.folder, '.darkroom/kubeconfig'));
  const there = openSide(elsewhere, join(elsewhere, 'kubeconfig'));
  for (const side of [here, there]) for (const command of preparation) side.run(command);

  const tables = areas.map(({ title, commands }) => {
    const rows = commands.map((compared) => {
      const row = rowOf(compared, here.run(compared.command), there.run(compared.command));
      if (compared.after) for (const side of [here, there]) side.run(compared.after);
      console.log(row);
      return row;
    });
    return [`## ${title}`, '', '| command | answer here | on a cluster | |', '| --- | --- | --- | --- |', ...rows, ''].join('\n');
  });
  const [head = ''] = (await readFile(page, 'utf8')).split(/^## /m);
  const differing = tables.join('\n').match(/ (differs: .*|\*\*differs\*\*) \|$/gm) ?? [];
  const all = areas.flatMap(({ commands }) => commands).length;
  const sum = `Of ${all} commands, ${all - differing.length} were answered the same, and ${differing.length} differently.`;
  await writeFile(page, `${head.replace(/^Of \d+ commands.*$/m, sum)}${tables.join('\n')}`);
  spawnSync('npx', ['oxfmt', page], { cwd: repository });
} finally {
  await lab.end();
  await rm(elsewhere, { recursive: true, force: true });
}

async function deploy(): Promise<void> {
  const kubectl = openKubectl(namespace);
  if (await kubectl.get('ksvc', 'ingest')) return;
  await kubectl.run(['create', 'namespace', namespace]).catch(() => undefined);
  await (await openCluster(namespace, readSettings([]))).deploy();
}

function openSide(folder: string, kubeconfig: string): Side {
  const env = { ...process.env, KUBECONFIG: kubeconfig, TERM: 'dumb' };
  const bash = (line: string) =>
    spawnSync('bash', ['-c', line], { cwd: folder, env, encoding: 'utf8', timeout: longest, killSignal: 'SIGKILL' });
  // A release names revisions by what they hold.
  const [V1 = '', V2 = ''] = ['v1', 'v2'].map((version) =>
    bash(`kubectl get revisions -o name | grep -o 'ingest-${version}.*'`).stdout.trim(),
  );
  return {
    run(command) {
      const { stdout, status } = bash(`V1=${V1} V2=${V2}; exec 2>&1; ${command}`);
      return [...plain(stdout), ...(status === 0 ? [] : [`exit code ${status}`])];
    },
  };
}

/** An answer without what must differ: names by digest, ages, times, identities, addresses. */
function plain(text: string): string[] {
  return text
    .replaceAll(/\bv(\d)-[0-9a-f]{8}\b/g, 'v$1')
    .replaceAll(/^ *\d+\.\d+s Ready/gm, 'Ready')
    .replaceAll(/\b([a-z]+)-(?:[0-9a-f]{8}|\d{5})(?![\w])/g, '$1-REVISION')
    .replaceAll(/-deployment-[\w-]+/g, '-POD')
    .replaceAll(/\/tmp\/(LIVE|MERGED)-\d+/g, '$1')
    .replaceAll(/\d{4}-\d\d-\d\d [\d:.]+ [+-]\d{4}/g, 'TIME')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
    .replaceAll(/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, 'UID')
    .replaceAll(/\b(?:\d+[dhms]){1,2}(?![\w])/g, 'AGE')
    .replaceAll(/(resourceVersion: )"?\d+"?/g, '$1VERSION')
    .replaceAll(/https?:\/\/[\w.:-]+(?=[\s/"]|$)/gm, 'ADDRESS')
    .split('\n')
    .map((line) => line.trim().replaceAll(/\s+/g, ' '))
    .filter((line) => line !== '' && !/still working to reflect|not yet been reconciled/.test(line));
}

function rowOf({ command, shown = command, why, alike }: Compared, here: string[], there: string[]): string {
  const isSame = alike ? alike(here) && alike(there) : here.join('\n') === there.join('\n');
  const cells = isSame
    ? [shortened(here), 'the same']
    : [here, there].map((lines, side) => shortened(lines.filter((line) => ![there, here][side]!.includes(line))));
  return `| ${code(shown)} | ${cells.join(' | ')} | ${isSame ? 'same' : why ? `differs: ${why}` : '**differs**'} |`;
}

function shortened(lines: string[]): string {
  const shown = lines.slice(0, mostLines).map((line) => (line.length > mostLetters ? `${line.slice(0, mostLetters)} ...` : line));
  const more = lines.length > mostLines ? `${lines.length - mostLines} more lines` : '';
  return [...shown.map(code), more].filter(Boolean).join('<br>') || 'nothing';
}

function code(text: string): string {
  return `\`${text.replaceAll('`', "'").replaceAll('|', '\\|').replaceAll('\n', ' ')}\``;
}
