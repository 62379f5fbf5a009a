import { faultsOf, photo, post, settle } from '../people.ts';
import type { Row } from '../row.ts';

const posts = 200;

export const starvationRow: Row = {
  name: 'starvation',
  what: `${posts} photos of 2 MP, 16 at once, with the processor that func.yaml asks for`,
  async verify({ cluster, site, inbox }) {
    const before = await killedByProbe();
    const sent = await post(site, { posts, atOnce: 16, tag: 'v2', photo: await photo(1632, 1224) });
    const books = await settle(site, inbox, sent, 600);
    const killed = (await killedByProbe()) - before;
    const failed = await cluster.failedRevisions();
    return {
      seen: `${books.completed} complete, ${books.mails} mailed, ${killed} killed by a liveness probe`,
      faults: [
        ...faultsOf(books, posts),
        ...(killed > 0 ? [`${killed} containers killed by their liveness probe`] : []),
        ...(failed.length > 0 ? [`failed revisions: ${failed.join(', ')}`] : []),
      ],
    };

    async function killedByProbe(): Promise<number> {
      const events = await cluster.kubectl.run([
        'get',
        'events',
        '--field-selector',
        'reason=Killing',
        '--output=jsonpath={.items[*].message}',
      ]);
      return events.split('failed liveness probe').length - 1;
    }
  },
};
