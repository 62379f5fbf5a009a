import { setTimeout as sleep } from 'node:timers/promises';
import { photo, post, type Post, settle, type Wanted } from './people.ts';
import type { Bench } from './row.ts';
import { applyWiring } from './wiring.ts';

/** Something that goes wrong while people post photos. */
export interface Trouble {
  what: string;
  /** @returns the posts that were sent meanwhile */
  provoke(bench: Bench): Promise<Post[]>;
}

const versions = ['v1', 'v2'];
const inStore = ({ cluster }: Bench, script: string) =>
  cluster.kubectl.run(['exec', 'deployment/store', '--', 'sh', '-c', script]);
const cut = (bytes: Buffer) => bytes.subarray(0, Math.floor(bytes.length / 2));
const noPhoto = Buffer.from('I am no photo.');

/** A program that kills image workers for as long as photos come, so that some of them are at work. */
const killWorkers = `
  setInterval(() => {
    for (const pid of fs.readdirSync('/proc')) try {
      if (/index\\.mjs\\0image-worker/.test(fs.readFileSync('/proc/' + pid + '/cmdline', 'latin1'))) process.kill(pid, 'SIGKILL');
    } catch {} // It has ended.
  }, 400);
  setTimeout(() => process.exit(), 30_000);`;

/** As many posts through each version, at once. */
export async function postToAll(
  { site }: Bench,
  posts: number,
  wanted: Pick<Wanted, 'photo' | 'more' | 'notifyUrl'> = {},
): Promise<Post[]> {
  return (await Promise.all(versions.map((tag) => post(site, { posts, tag, atOnce: 4, ...wanted })))).flat();
}

export const troubles: Trouble[] = [
  {
    what: 'bad photos come along with good ones, and alone; pods of three stages are killed',
    async provoke(bench) {
      const good = await photo();
      const posting = [
        postToAll(bench, 20, { photo: good, more: [cut(good), noPhoto] }),
        postToAll(bench, 5, { photo: cut(good) }),
        postToAll(bench, 5, { photo: noPhoto }),
      ];
      for (const service of ['grayscale', 'zip', 'notify']) {
        await sleep(2000);
        const pods = ['--selector', `serving.knative.dev/service=${service}`];
        await bench.cluster.kubectl.run(['delete', 'pods', ...pods, '--force', '--grace-period=0', '--wait=false']);
      }
      return (await Promise.all(posting)).flat();
    },
  },
  {
    what: 'webhooks lead nowhere',
    provoke: (bench) => postToAll(bench, 2, { notifyUrl: 'https://webhook.invalid/' }),
  },
  {
    what: 'image workers are killed',
    async provoke(bench) {
      const first = await postToAll(bench, 1);
      // Then there is a pod of each stage.
      await settle(bench.site, bench.inbox, first);
      const posting = postToAll(bench, 10, { photo: await photo(4000, 3000) });
      const pod = await bench.cluster.readyPod('grayscale');
      await bench.cluster.kubectl.run(['exec', pod, '--container=user-container', '--', 'node', '--eval', killWorkers]);
      return [...first, ...(await posting)];
    },
  },
  {
    what: 'the mail server wants a sign-in that it did not want before',
    async provoke(bench) {
      const { kubectl } = bench.cluster;
      const demand = async (...variables: string[]) => {
        await kubectl.run(['set', 'env', 'deployment/inbox', ...variables]);
        await kubectl.run(['rollout', 'status', 'deployment/inbox', '--timeout=180s']);
      };
      await demand('MAILDEV_INCOMING_USER=somebody', 'MAILDEV_INCOMING_PASS=else');
      const posts = await postToAll(bench, 15);
      // Until Prometheus has evaluated it.
      await sleep(40_000);
      await demand('MAILDEV_INCOMING_USER-', 'MAILDEV_INCOMING_PASS-');
      return posts;
    },
  },
  {
    what: 'the bucket is gone for a while',
    async provoke(bench) {
      const posting = postToAll(bench, 30);
      await sleep(3000);
      await inStore(bench, 'mv /data/darkroom /data/elsewhere');
      const refused = postToAll(bench, 5);
      await sleep(10_000);
      await inStore(bench, 'mv /data/elsewhere /data/darkroom');
      return [...(await posting), ...(await refused)];
    },
  },
  {
    what: 'a Trigger is missing, and once it is back, originals are: retries, dead letters, resumptions',
    async provoke(bench) {
      const { cluster, site, settings } = bench;
      await cluster.kubectl.run(['delete', 'trigger', 'sepia']);
      const posts = await post(site, { posts: 10, tag: 'v2' });
      const jobs = posts.filter(({ status }) => status === 202).map(({ job }) => job);
      // Grey prints need them, too.
      await sleep(10_000);
      const originals = (script: (original: string, away: string) => string) =>
        inStore(bench, jobs.map((job) => script(`/data/darkroom/jobs/${job}/1/original.jpg`, `/data/away/${job}`)).join(' && '));
      await inStore(bench, 'mkdir -p /data/away');
      await originals((original, away) => `mv ${original} ${away}`);
      await applyWiring(cluster.kubectl, settings);
      // sweep resumes them within a minute and a half, and the broker tries for a quarter of one.
      await sleep(120_000);
      await originals((original, away) => `mv ${away} ${original}`);
      return posts;
    },
  },
];
