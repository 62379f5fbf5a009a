import { allAsleep } from '../asleep.ts';
import { type Awakening, awakeningOf, owners, parts } from '../awakening.ts';
import { timeBareServer } from '../bare-server.ts';
import type { Cluster } from '../cluster.ts';
import { faultsOf, photo, type Post, post, settle } from '../people.ts';
import { type PodWatch, watchPods } from '../pod-watch.ts';
import type { Row } from '../row.ts';

/** The filters that each version asks for (config/versions). */
const filtersOf = { v1: ['grayscale'], v2: ['grayscale', 'sepia'] };
const seconds = (milliseconds: number) => `${(milliseconds / 1000).toFixed(1)} s`;

export const zeroRow: Row = {
  name: 'from-zero',
  what: 'one photo of 2 MP while every stage is at zero, through each version by its tag',
  async verify({ cluster, site, inbox }) {
    const content = await photo(1632, 1224);
    const seen: string[] = [];
    const faults: string[] = [];
    const details = [
      `| milliseconds | ${parts.map(({ name }) => name).join(' | ')} |`,
      `| --- |${' ---: |'.repeat(parts.length)}`,
    ];
    for (const tag of ['v1', 'v2'] as const) {
      await allAsleep(cluster);
      const watch = watchPods(cluster.kubectl);
      try {
        const begunAt = Date.now();
        const [sent] = await post(site, { posts: 1, tag, photo: content });
        const books = await settle(site, inbox, [sent!], 120);
        const { revision, answeredAt } = sent!;
        faults.push(
          ...faultsOf(books, 1),
          ...(revision.startsWith(`ingest-${tag}-`) ? [] : [`the tag ${tag} led to ${revision}`]),
        );
        if (books.completed === 0) continue;
        const stages = await awakenings(cluster, watch, tag, sent!, begunAt);
        const [accepted, printed, mailed] = [answeredAt, stages[1]!.answeredAt, stages.at(-1)!.answeredAt].map((at) =>
          seconds(at - begunAt),
        );
        seen.push(`${tag}: 202 after ${accepted}, prints after ${printed}, mail after ${mailed} (${sharesOf(stages)})`);
        for (const { service, took } of stages) details.push(`| ${tag}, ${service} | ${took.map(Math.round).join(' | ')} |`);
      } finally {
        watch.stop();
      }
    }
    seen.push(
      `a bare node:http server in a pod of ingest listens after ${Math.round(await timeBareServer(cluster, 'ingest'))} ms`,
    );
    details.push('', ...parts.map(({ name, whose, what }) => `- ${name}: ${what} (${whose})`));
    return { seen: seen.join('; '), faults, details };
  },
};

/** The stages that a mail waits for, one after the other: of two filters, the slower. */
async function awakenings(
  cluster: Cluster,
  watch: PodWatch,
  tag: keyof typeof filtersOf,
  { job }: Post,
  begunAt: number,
): Promise<Awakening[]> {
  const follow = (service: string, step: string, askedAt: number) => awakeningOf(cluster, watch, { service, step, job, askedAt });
  const ingest = await follow('ingest', 'accepted', begunAt);
  const prints = await Promise.all(filtersOf[tag].map((filter) => follow(filter, 'emitted', ingest.answeredAt)));
  const print = prints.reduce((one, other) => (one.answeredAt > other.answeredAt ? one : other));
  const path = [ingest, print];
  if (tag === 'v2') path.push(await follow('zip', 'emitted', print.answeredAt));
  path.push(await follow('notify', 'emitted', path.at(-1)!.answeredAt));
  return path;
}

/** Whose time the person waited. */
function sharesOf(stages: Awakening[]): string {
  const shares = owners.map((owner) => {
    const took = stages.flatMap((stage) => stage.took.filter((_, index) => parts[index]!.whose === owner));
    return `${owner} ${seconds(took.reduce((sum, each) => sum + each, 0))}`;
  });
  return shares.join(', ');
}
