import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { stringify } from 'yaml';
import { type Darkroom, eventually, openDarkroom } from '../../lab/test/pipeline/darkroom.ts';
import { photo } from '../../shared/test/support/lab.ts';
import { kubernetesApi } from '../src/kubernetes/api.ts';
import { readCredentials } from '../src/kubernetes/credentials.ts';
import { type Services, services } from '../src/kubernetes/service.ts';
import { messageIn, readRecord, type RolloutRecord } from '../src/record.ts';
import { sharesOf } from '../src/traffic.ts';

const main = resolve(import.meta.dirname, '../src/main.ts');

/** Darkroom with versions to roll out, and people who post. */
export interface RolloutLab {
  darkroom: Darkroom;
  services: Services;
  /** All traffic goes to v1, and nothing is remembered of earlier rollouts. */
  reset(): Promise<void>;
  /** `npm run rollout -- ingest ...` */
  start(...words: string[]): Command;
  state(): Promise<{ shares: Record<string, number>; record: RolloutRecord | undefined; message: string }>;
  /** How many events of a type the broker has taken. */
  events(type: string): Promise<number>;
  /** Processes of this version fall over when they start, or hang. */
  breakStarts(tag: string, how: 'falls over' | 'hangs'): Promise<void>;
  mendStarts(tag: string): Promise<void>;
  /** As the kernel does when memory runs out. */
  killProcesses(revision: string): Promise<void>;
  close(): Promise<void>;
}

export interface Command {
  output(): string;
  /** Resolves with the exit code; null if it was killed. */
  ended: Promise<number | null>;
  kill(signal: NodeJS.Signals): void;
  /** Waits until it has said something. */
  says(words: RegExp): Promise<void>;
}

/** What each process of a version runs first. */
const stumbles = `
  const { existsSync, readFileSync } = require('node:fs');
  const path = __filename + '.now';
  const how = existsSync(path) ? readFileSync(path, 'utf8') : '';
  if (how === 'falls over') throw new Error('a library is missing');
  if (how === 'hangs') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
`;

/** @param environment of the lab */
export async function openRolloutLab(environment: Record<string, string> = {}): Promise<RolloutLab> {
  const versions: { [tag: string]: { [variable: string]: string } } = {
    v1: { FILTERS: 'grayscale', ARCHIVE: 'false' },
    v2: { FILTERS: 'grayscale,sepia', ARCHIVE: 'true' },
    v3: { FILTERS: 'grayscale', ARCHIVE: 'false' },
  };
  const stumble = (folder: string, tag: string) => join(folder, `${tag}.cjs`);
  const darkroom = await openDarkroom(environment, {
    async prepare(folder) {
      const write = (file: string, spec: object) =>
        writeFile(
          join(folder, 'config/versions', file),
          stringify({ apiVersion: 'serving.knative.dev/v1', kind: 'Service', metadata: { name: 'ingest' }, spec }),
        );
      for (const [tag, variables] of Object.entries(versions)) {
        const program = stumble(folder, tag);
        await writeFile(program, stumbles);
        const all = { ...variables, NODE_OPTIONS: `--require=${program}` };
        const env = Object.entries(all).map(([name, value]) => ({ name, value }));
        await write(`${tag}.yaml`, { template: { metadata: { name: `ingest-${tag}` }, spec: { containers: [{ env }] } } });
      }
      const traffic = Object.keys(versions).map((tag, index) => ({
        revisionName: `ingest-${tag}`,
        tag,
        percent: index === 0 ? 100 : 0,
      }));
      await write('traffic.yaml', { traffic });
    },
  });
  const data = join(darkroom.folder, 'data');
  const api = kubernetesApi(() => readCredentials(join(data, 'kubeconfig')));
  const all = services(api, 'darkroom');
  const children = new Set<() => void>();
  const over = new AbortController();
  const people = Promise.all(Array.from({ length: 6 }, postAgainAndAgain));

  async function postAgainAndAgain(): Promise<void> {
    const bytes = await photo();
    while (!over.signal.aborted) {
      const answer = await darkroom.post([{ name: 'photo.jpg', bytes }]).catch(() => undefined);
      const { job } = answer?.status === 202 ? ((await answer.json()) as { job: string }) : {};
      // Not more than the machine can take.
      if (job !== undefined) await Promise.race([darkroom.finished(job), once(over.signal, 'abort')]);
    }
  }

  return {
    darkroom,
    services: all,
    async reset() {
      const service = await all.read('ingest');
      const traffic = service.spec.traffic.map((target) => ({ ...target, percent: target.tag === 'v1' ? 100 : 0 }));
      const annotations = Object.fromEntries(['state', 'phase', 'message'].map((name) => [`rollout.darkroom.dev/${name}`, null]));
      await all.change(service, { traffic, annotations });
    },
    start(...words) {
      const { PATH, HOME } = process.env;
      const child = spawn(process.execPath, [main, 'ingest', ...words], {
        env: { PATH, HOME, KUBECONFIG: join(data, 'kubeconfig') },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let output = '';
      for (const stream of [child.stdout, child.stderr])
        stream.setEncoding('utf8').on('data', (text: string) => (output += text));
      const kill = (signal: NodeJS.Signals) => void child.kill(signal);
      children.add(() => kill('SIGKILL'));
      return {
        output: () => output,
        ended: once(child, 'close').then(() => child.exitCode),
        kill,
        says: (words_) =>
          eventually(async () => {
            if (child.exitCode !== null && !words_.test(output))
              throw new Error(`It ended without a word of ${words_}: ${output}`);
            return words_.test(output) || undefined;
          }).then(() => undefined),
      };
    },
    async state() {
      const service = await all.read('ingest');
      return { shares: Object.fromEntries(sharesOf(service)), record: readRecord(service), message: messageIn(service) };
    },
    async events(type) {
      const text = await (await fetch(darkroom.metricsUrl)).text();
      return Number(
        new RegExp(`^knative_local_events_accepted_total\\{.*cloudevents_type="${type}"\\} (\\d+)$`, 'm').exec(text)?.[1] ?? 0,
      );
    },
    breakStarts: (tag, how) => writeFile(`${stumble(darkroom.folder, tag)}.now`, how),
    mendStarts: (tag) => rm(`${stumble(darkroom.folder, tag)}.now`),
    async killProcesses(revision) {
      const { items } = (await api.get('/api/v1/namespaces/darkroom/pods')) as {
        items: { metadata: { name: string; annotations: Record<string, string> } }[];
      };
      for (const { metadata } of items)
        if (metadata.name.startsWith(`${revision}-`))
          process.kill(Number(metadata.annotations['knative-local/process']), 'SIGKILL');
    },
    async close() {
      over.abort();
      for (const kill of children) kill();
      await people;
      await darkroom.close();
      await rm(darkroom.folder, { recursive: true, force: true });
    },
  };
}
