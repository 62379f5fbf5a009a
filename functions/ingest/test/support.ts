import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type RunningFunction, startFunction } from '../../../packages/shared/test/support/function.ts';
import { type Lab, openLab, photo } from '../../../packages/shared/test/support/lab.ts';

/** Small enough to be exceeded quickly. */
export const limits = { MAX_FILE_BYTES: 60_000, MAX_FILES: 3, MAX_PIXELS: 1_000_000, MAX_FRAMES: 2 };

/** A small photo. */
export const jpeg = await photo('jpeg');

/** What ingest needs around it: a store in a folder, and a broker that takes everything. */
export interface Surroundings {
  lab: Lab;
  /** What ingest needs in its environment. */
  environment: Record<string, string>;
  /** The headers of every event that reached the broker. */
  events: IncomingHttpHeaders[];
  /** Whatever lies in the store and the temporary folder. */
  left(): Promise<string[]>;
  /** Empties the store, and forgets the events. */
  clear(): Promise<void>;
  close(): Promise<void>;
}

export interface Bench extends Surroundings {
  ingest: RunningFunction;
}

/** The built function as a process of its own. */
export async function openBench(environment: Record<string, string> = {}): Promise<Bench> {
  const around = await openSurroundings(environment);
  const ingest = await startFunction('ingest', around.environment);
  return {
    ...around,
    ingest,
    async close() {
      await ingest.stop();
      await around.close();
    },
  };
}

export async function openSurroundings(environment: Record<string, string>): Promise<Surroundings> {
  const lab = await openLab();
  const events: IncomingHttpHeaders[] = [];
  const broker = createServer((request, response) => {
    events.push(request.headers);
    request.resume();
    response.writeHead(202).end();
  });
  const settings = Object.fromEntries(Object.entries(limits).map(([name, value]) => [name, String(value)]));
  return {
    lab,
    events,
    environment: {
      ...lab.environment,
      ...settings,
      K_SINK: await listen(broker),
      TRUSTED_PROXIES: '1',
      ADDRESS_JOBS: '0',
      FILTERS: 'grayscale,sepia',
      ARCHIVE: 'true',
      K_REVISION: 'ingest-v2',
      ...environment,
    },
    left: async () => [...(await lab.keys()), ...(await spools(lab))],
    async clear() {
      events.length = 0;
      for (const key of await lab.keys()) await lab.store.remove(key);
    },
    async close() {
      broker.close();
      await lab.close();
    },
  };
}

/** The folders of uploads that are under way. */
export async function spools({ environment }: Lab): Promise<string[]> {
  const names = await readdir(environment['TMPDIR']!);
  return names.filter((name) => name.startsWith('darkroom-upload-'));
}

async function listen(server: Server): Promise<string> {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

type Part = string | { name: string; bytes: Uint8Array; type?: string };

/** A form of fields (strings) and files, in the order given. */
export function formOf(...parts: [name: string, part: Part][]): FormData {
  const form = new FormData();
  for (const [name, part] of parts) {
    if (typeof part === 'string') form.append(name, part);
    else form.append(name, new Blob([new Uint8Array(part.bytes)], { type: part.type ?? 'image/jpeg' }), part.name);
  }
  return form;
}

export interface Receipt {
  job: string;
  images: { image: string; name: string; type: string; bytes: number; width: number; height: number; note?: string }[];
}

export async function until(condition: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await condition())) await new Promise((wake) => setTimeout(wake, 20));
}
