/**
 * npm run cluster:verify                       the whole verification of Darkroom, on the cluster that KUBECONFIG names
 * npm run cluster:verify -- split kills        only these rows
 *
 * Runs in a separate namespace, which is removed at the end (--keep leaves it). Exits non-zero if something fell short.
 */
import { randomBytes } from 'node:crypto';
import { explain } from '@darkroom/shared/errors';
import { openKubectl } from '../../scripts/kubectl.ts';
import { openCluster } from './cluster.ts';
import { openSite } from './http.ts';
import { openInbox } from './inbox.ts';
import type { Row, Verdict } from './row.ts';
import { filterRow } from './rows/filter.ts';
import { killRows } from './rows/kills.ts';
import { networkRow } from './rows/network.ts';
import { scaleRow } from './rows/scale.ts';
import { splitRows } from './rows/split.ts';
import { starvationRow } from './rows/starvation.ts';
import { zeroRow } from './rows/zero.ts';
import { readSettings, type Settings } from './settings.ts';

const rows: Row[] = [...splitRows, zeroRow, scaleRow, ...killRows, starvationRow, filterRow, networkRow];

/** A row that was tried, or why it was not. */
interface Line {
  name: string;
  seconds: number;
  verdict: Verdict | string;
}

try {
  const settings = readSettings(process.argv.slice(2));
  const kinds = await openKubectl('default')
    .run(['api-resources', '--output=name'])
    .catch((error: unknown) => explain(error));
  if (!kinds.includes('services.serving.knative.dev') || !kinds.includes('brokers.eventing.knative.dev')) {
    console.log(`There is no cluster with Knative Serving and Eventing here, so nothing was verified (${kinds.split('\n')[0]}).`);
    process.exit(0);
  }
  const unknown = settings.rows.find((name) => !rows.some((row) => row.name.startsWith(name)));
  if (unknown) throw new Error(`There is no row ${unknown}; there is ${rows.map(({ name }) => name).join(', ')}.`);
  await verify(settings);
} catch (error) {
  console.error(explain(error));
  process.exitCode = 1;
}

async function verify(settings: Settings): Promise<void> {
  const namespace = `darkroom-verify-${randomBytes(3).toString('hex')}`;
  const cluster = await openCluster(namespace, settings);
  const say = (line: string) => console.log(`${new Date().toTimeString().slice(0, 8)} ${line}`);
  const table: Line[] = [];
  try {
    await cluster.kubectl.run(['create', 'namespace', namespace]);
    say(`deploys to ${namespace}`);
    await cluster.deploy();
    const inbox = await openInbox(cluster.kubectl);
    const site = openSite(await cluster.addressOf('ingest'), settings.GATEWAY_URL);
    for (const row of rows) {
      if (settings.rows.length > 0 && !settings.rows.some((name) => row.name.startsWith(name))) continue;
      const skipped = row.skipped?.(settings);
      const begun = Date.now();
      if (!skipped) say(`${row.name}: ${row.what}`);
      const verdict =
        skipped ??
        (await row
          .verify({ cluster, site, inbox, settings, say })
          .catch((error: unknown) => ({ seen: '', faults: [explain(error)] })));
      table.push({ name: row.name, seconds: Math.round((Date.now() - begun) / 1000), verdict });
      say(typeof verdict === 'string' ? `${row.name}: not tried` : `${row.name}: ${verdict.seen} ${verdict.faults.join('; ')}`);
    }
  } finally {
    if (settings.keep) say(`${namespace} is left as it is`);
    else await cluster.remove();
  }
  print(table);
  if (table.some(({ verdict }) => typeof verdict !== 'string' && verdict.faults.length > 0)) process.exitCode = 1;
}

function print(table: Line[]): void {
  console.log('\n| row | | seen | s |\n| --- | --- | --- | ---: |');
  for (const { name, seconds, verdict } of table) {
    const [mark, text] =
      typeof verdict === 'string'
        ? ['not tried', verdict]
        : [verdict.faults.length === 0 ? 'holds' : 'FELL SHORT', [verdict.seen, ...verdict.faults].filter(Boolean).join('; ')];
    console.log(`| ${name} | ${mark} | ${text} | ${seconds} |`);
  }
  for (const { name, verdict } of table)
    if (typeof verdict !== 'string' && verdict.details) console.log(['', `${name}:`, '', ...verdict.details].join('\n'));
}
