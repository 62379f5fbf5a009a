import { setTimeout as sleep } from 'node:timers/promises';
import { allAsleep } from '../asleep.ts';
import { isReady } from '../cluster.ts';
import { faultsOf, post, settle } from '../people.ts';
import type { Row } from '../row.ts';

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
        const pods = (await cluster.pods('ingest')).filter(isReady);
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
      seen: `pods of ingest over time: ${counts.join(', ')}; back to zero ${Math.round((Date.now() - quiet) / 1000)} s after the last mail`,
      faults: [...faultsOf(books, 30), ...(most > 1 ? [] : ['ingest never had more than one pod'])],
    };
  },
};
