import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { openKubectl } from '../../../scripts/kubectl.ts';
import { faultsOf, post, settle } from '../people.ts';
import type { Bench, Row } from '../row.ts';

const jobs = 100;
/** How often each is killed while posts are under way. */
const kills = 3;

const eventing = openKubectl('knative-eventing');
const noGrace = ['--force', '--grace-period=0', '--ignore-not-found', '--wait=false'];

function killRow(name: string, what: string, kill: (bench: Bench) => Promise<unknown>, skipped?: Row['skipped']): Row {
  return {
    name: `kill-${name}`,
    what: `${what} killed ${kills} times during ${jobs} jobs of v2`,
    ...(skipped && { skipped }),
    async verify(bench) {
      const { site, inbox } = bench;
      const begun = new Date();
      const posting = new AbortController();
      const killing = (async () => {
        for (let count = 0; count < kills && !posting.signal.aborted; count += 1) {
          await sleep(1500);
          await kill(bench);
        }
      })();
      const sent = await post(site, { posts: jobs, atOnce: 4, tag: 'v2' });
      posting.abort();
      await killing;
      const accepted = sent.filter(({ status }) => status === 202);
      const books = await settle(site, inbox, sent);
      const rescued = await rescuedBySweep(bench, begun, new Set(accepted.map(({ job }) => job)));
      // A post that ingest's own death cut off was promised nothing.
      // A mail whose sender is killed before the server's answer goes out again.
      const faults = faultsOf({ ...books, refused: 0, twice: 0 }, accepted.length);
      return {
        seen: `${accepted.length} accepted, ${books.completed} complete, ${books.mails} mailed (${books.twice} twice), ${rescued} rescued by sweep`,
        faults,
      };
    },
  };
}

/** Jobs that sweep set going again, by its log. */
async function rescuedBySweep({ cluster }: Bench, since: Date, posted: Set<string>): Promise<number> {
  const selector = ['--selector', 'serving.knative.dev/service=sweep', '--container', 'user-container', '--tail=-1'];
  const log = await cluster.kubectl.run(['logs', ...selector, `--since-time=${since.toISOString()}`]).catch(() => '');
  const ids = log
    .split('\n')
    .flatMap((line) => (/resumed/.test(line) ? (/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/.exec(line) ?? []) : []));
  return new Set(ids.filter((id) => posted.has(id))).size;
}

const functionRow = (service: string) =>
  killRow(service, `every pod of ${service}`, ({ cluster }) =>
    cluster.kubectl.run(['delete', 'pods', '--selector', `serving.knative.dev/service=${service}`, ...noGrace]),
  );
const brokerRow = (name: string, selector: string) =>
  killRow(name, `the pod of the broker's ${name}`, () => eventing.run(['delete', 'pods', '--selector', selector, ...noGrace]));

export const killRows: Row[] = [
  ...['ingest', 'sepia', 'zip', 'notify'].map(functionRow),
  brokerRow('dispatcher', 'messaging.knative.dev/channel=in-memory-channel,messaging.knative.dev/role=dispatcher'),
  brokerRow('ingress', 'eventing.knative.dev/brokerRole=ingress'),
  brokerRow('filter', 'eventing.knative.dev/brokerRole=filter'),
  killRow(
    'node-agent',
    'the node agent',
    ({ settings }) => promisify(execFile)('sh', ['-c', settings.KUBELET_RESTART!]),
    ({ KUBELET_RESTART }) => (KUBELET_RESTART ? undefined : 'KUBELET_RESTART, a command that restarts it, is not set'),
  ),
];
