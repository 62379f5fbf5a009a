import type { Bench, Row, Verdict } from '../row.ts';
import { faultsOf, post, settle } from '../people.ts';

const posts = 300;

/** Steps of docs/deploy.md, in order: what is done, and the share of v2 that is wanted after it. */
const steps: { name: string; what: string; share: number; act: (bench: Bench) => Promise<void> }[] = [
  { name: 'split-v1', what: 'deployed twice over: all posts go to v1', share: 0, act: ({ cluster }) => cluster.deploy() },
  {
    name: 'split-70-30',
    what: 'kn service update ingest --traffic v1=70,v2=30',
    share: 0.3,
    act: ({ cluster }) => cluster.shift('v1=70,v2=30'),
  },
  {
    name: 'split-redeployed',
    what: 'new code of ingest: func deploy, release; the split stays',
    share: 0.3,
    async act({ cluster }) {
      await cluster.redeploy('ingest');
      await cluster.release();
    },
  },
  {
    name: 'split-reapplied',
    what: 'the whole of deploy.md once more; the split stays',
    share: 0.3,
    act: ({ cluster }) => cluster.deploy(),
  },
  {
    name: 'split-v1-again',
    what: 'kn service update ingest --traffic v1=100,v2=0',
    share: 0,
    act: ({ cluster }) => cluster.shift('v1=100,v2=0'),
  },
];

export const splitRows: Row[] = steps.map(({ name, what, share, act }) => ({
  name,
  what: `${what}; ${posts} posts`,
  async verify(bench): Promise<Verdict> {
    await act(bench);
    const { cluster, site, inbox } = bench;
    const sent = await post(site, { posts });
    const v2 = sent.filter(({ revision }) => revision.startsWith('ingest-v2-')).length;
    const neither = sent.filter(({ revision }) => !/^ingest-v[12]-/.test(revision)).length;
    const deviation = Math.sqrt(posts * share * (1 - share));
    const books = await settle(site, inbox, sent);
    const failed = await cluster.failedRevisions();
    const unreleased = await cluster.unreleased();
    return {
      seen: `${v2} of ${posts} to v2, ${posts * share} wanted; ${books.completed} complete, ${books.mails} mailed`,
      faults: [
        ...faultsOf(books, posts),
        ...(Math.abs(v2 - posts * share) > 3 * deviation ? ['the split is off by more than three standard deviations'] : []),
        ...(neither > 0 ? [`${neither} answered by no version`] : []),
        ...(failed.length > 0 ? [`failed revisions: ${failed.join(', ')}`] : []),
        ...(unreleased.length > 0 ? [`served by what no release made: ${unreleased.join(', ')}`] : []),
      ],
    };
  },
}));
