import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from '../cluster.ts';
import { faultsOf, photo, post, settle } from '../people.ts';
import type { Row } from '../row.ts';

const stages = ['ingest', 'grayscale', 'sepia', 'zip', 'notify'];
const seconds = (milliseconds: number) => `${(milliseconds / 1000).toFixed(1)} s`;

/** Waits until no stage has a pod. sweep has one for as long as a ping comes each minute. */
async function allAsleep(cluster: Cluster): Promise<void> {
  for (let waited = 0; waited < 300; waited += 2) {
    const pods = (await Promise.all(stages.map((name) => cluster.pods(name)))).flat();
    if (pods.length === 0) return;
    await sleep(2000);
  }
  throw new Error('The stages did not scale to zero within 300 s');
}

export const zeroRow: Row = {
  name: 'from-zero',
  what: 'one photo of 2 MP while every stage is at zero, through each version by its tag',
  async verify({ cluster, site, inbox }) {
    const content = await photo(1632, 1224);
    const seen: string[] = [];
    const faults: string[] = [];
    for (const tag of ['v1', 'v2']) {
      await allAsleep(cluster);
      const begun = Date.now();
      const [sent] = await post(site, { posts: 1, tag, photo: content });
      const accepted = Date.now();
      let printed = 0;
      while (!printed && Date.now() - begun < 120_000) {
        const reply = await site.request('GET', `/jobs/${sent!.job}`).catch(() => undefined);
        if (reply?.status === 200 && reply.body.toString().includes('"succeeded"')) printed = Date.now();
        await sleep(50);
      }
      const books = await settle(site, inbox, [sent!], 120);
      seen.push(
        `${sent!.revision}: 202 after ${seconds(accepted - begun)}, print ${seconds(printed - begun)}, mail ${seconds(Date.now() - begun)}`,
      );
      faults.push(
        ...faultsOf(books, 1),
        ...(sent!.revision.startsWith(`ingest-${tag}-`) ? [] : [`the tag ${tag} led to ${sent!.revision}`]),
      );
    }
    return { seen: seen.join('; '), faults };
  },
};

export const scaleRow: Row = {
  name: 'scale',
  what: '30 posts at once that hold their answer for 20 s, then back to zero',
  async verify({ cluster, site, inbox }) {
    const counts: string[] = [];
    let most = 0;
    const posting = new AbortController();
    const begun = Date.now();
    const watch = (async () => {
      while (!posting.signal.aborted) {
        const pods = (await cluster.pods('ingest')).filter(({ status }) => status.containerStatuses?.every(({ ready }) => ready));
        most = Math.max(most, pods.length);
        counts.push(`${Math.round((Date.now() - begun) / 1000)} s: ${pods.length}`);
        await sleep(4000);
      }
    })();
    const sent = await post(site, { posts: 30, atOnce: 30, wait: 20 });
    posting.abort();
    await watch;
    const books = await settle(site, inbox, sent);
    const quiet = Date.now();
    await allAsleep(cluster);
    return {
      seen: `pods of ingest over time: ${counts.join(', ')}; back to zero ${seconds(Date.now() - quiet)} after the last mail`,
      faults: [...faultsOf(books, 30), ...(most > 1 ? [] : ['ingest never had more than one pod'])],
    };
  },
};
