import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

export const repository = resolve(import.meta.dirname, '../../../..');

/** What `GET /jobs/<job>` answers. */
export interface Status {
  job: string;
  status: 'processing' | 'completed' | 'failed';
  revision: string;
  filters: string[];
  images: {
    image: string;
    name: string;
    original: { href: string; bytes: number };
    results: Record<
      string,
      { status: 'pending' | 'succeeded' | 'rejected'; href?: string; type?: string; bytes?: number; reason?: string }
    >;
  }[];
  archiveFile: { href: string; bytes: number } | null;
  mail: { status: string };
}

/** A mail as the inbox lists it. */
export interface Mail {
  id: string;
  subject: string;
  to: { address: string }[];
  headers: Record<string, string>;
  text?: string;
  html?: string;
  attachments?: { filename: string; generatedFileName: string; size: number }[];
}

export interface Darkroom {
  url: string;
  inboxUrl: string;
  brokerUrl: string;
  /** With the token that opens it. */
  consoleUrl: string;
  metricsUrl: string;
  /** What publishers must show. */
  token: string;
  folder: string;
  /** The runtime's process. */
  pid: number;
  /** While this file exists, a saboteur is at work, where there is one. */
  chaosSwitch: string;
  output(): string;
  post(
    files: { name: string; bytes: Buffer }[],
    options?: { tag?: string; key?: string; language?: string; fields?: Record<string, string> },
  ): Promise<Response>;
  /** Waits until a job is no longer processing. */
  finished(job: string): Promise<Status>;
  mailsOf(job: string): Promise<Mail[]>;
  attachment(mail: Mail, filename: string): Promise<Buffer>;
  /** Rewrites one file of config/. */
  configure(file: string, change: (text: string) => string): Promise<void>;
  /** Ends the process; everything in the folder stays, so that it can be started again. */
  end(signal: NodeJS.Signals): Promise<number | null>;
  start(): Promise<void>;
  /** Ends it and removes its folder. */
  close(): Promise<void>;
}

export interface Variation {
  /** What is started instead of the runtime's own main. */
  program?: string;
  /** What follows `npm start --`. */
  words?: string[];
  /** Changes the folder before the start. */
  prepare?: (folder: string) => Promise<void>;
}

const main = join(repository, 'packages/lab/src/main.ts');
const { scripts } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as { scripts: { start: string } };
const nodeOptions = scripts.start.split(' ').filter((word) => word.startsWith('--'));

/** The whole of Darkroom, as `npm start` runs it, on free ports, with a folder and a copy of config/ of its own. */
export async function openDarkroom(
  environment: Record<string, string> = {},
  { program = main, words = [], prepare }: Variation = {},
): Promise<Darkroom> {
  const folder = await mkdtemp(join(tmpdir(), 'darkroom-'));
  await cp(join(repository, 'config'), join(folder, 'config'), { recursive: true });
  await prepare?.(folder);
  let child: ChildProcess;
  let output = '';
  let addresses = { publicUrl: '', inboxUrl: '', brokerUrl: '', consoleUrl: '', metricsUrl: '', token: '' };

  const darkroom: Darkroom = {
    get url() {
      return addresses.publicUrl;
    },
    get inboxUrl() {
      return addresses.inboxUrl;
    },
    get brokerUrl() {
      return addresses.brokerUrl;
    },
    get consoleUrl() {
      return addresses.consoleUrl;
    },
    get metricsUrl() {
      return addresses.metricsUrl;
    },
    get token() {
      return addresses.token;
    },
    folder,
    chaosSwitch: join(folder, 'chaos'),
    get pid() {
      return child.pid!;
    },
    output: () => output,

    async start() {
      const { PATH, HOME } = process.env;
      // All that a test sends comes from one client, and mostly for one address.
      const withoutLimits = { CLIENT_POSTS: '0', CLIENT_BYTES: '0', ADDRESS_JOBS: '0' };
      const anyPorts = { PORT: '0', SMTP_PORT: '0', INBOX_PORT: '0' };
      child = spawn(process.execPath, [...nodeOptions, program, ...words], {
        env: {
          PATH,
          HOME,
          ...anyPorts,
          ...withoutLimits,
          CONFIG_DIR: join(folder, 'config'),
          DATA_DIR: join(folder, 'data'),
          CHAOS_SWITCH: join(folder, 'chaos'),
          ...environment,
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      for (const stream of [child.stdout, child.stderr])
        stream?.setEncoding('utf8').on('data', (text: string) => (output += text));
      await eventually(async () => {
        if (child.exitCode !== null) throw new Error(`It ended with ${child.exitCode}: ${output}`);
        const text = await readFile(join(folder, 'data/runtime.json'), 'utf8').catch(() => '{}');
        const written = JSON.parse(text) as typeof addresses & { pid?: number };
        if (written.pid !== child.pid) return undefined;
        addresses = written;
        return true;
      });
    },

    async post(files, { tag, key, language, fields = {} } = {}) {
      const form = new FormData();
      form.set('email', 'person@example.com');
      for (const [name, value] of Object.entries(fields)) form.set(name, value);
      for (const { name, bytes } of files) form.append('file', new Blob([new Uint8Array(bytes)]), name);
      const headers = {
        ...(tag && { 'knative-serving-tag': tag }),
        ...(key && { 'idempotency-key': key }),
        ...(language && { 'accept-language': language }),
      };
      return fetch(addresses.publicUrl, { method: 'POST', body: form, headers });
    },

    finished: (job) =>
      eventually(async () => {
        const answer = await fetch(`${addresses.publicUrl}/jobs/${job}`).catch(() => undefined);
        const status = answer?.ok ? ((await answer.json()) as Status) : undefined;
        return status?.status === 'processing' ? undefined : status;
      }),

    async mailsOf(job) {
      const all = (await (await fetch(`${addresses.inboxUrl}/api/email`)).json()) as Mail[];
      // By its links: no header names the job.
      return all.filter(({ text = '', html = '' }) => (text + html).includes(job));
    },

    async attachment({ id, attachments }, name) {
      const { generatedFileName } = attachments!.find(({ filename }) => filename === name)!;
      const answer = await fetch(`${addresses.inboxUrl}/api/email/${id}/attachment/${encodeURIComponent(generatedFileName)}`);
      return Buffer.from(await answer.arrayBuffer());
    },

    async configure(file, change) {
      const path = join(folder, 'config', file);
      await writeFile(path, change(await readFile(path, 'utf8')));
    },

    async end(signal) {
      if (child.exitCode === null && child.signalCode === null) {
        const closed = once(child, 'close');
        child.kill(signal);
        await closed;
      }
      return child.exitCode;
    },

    async close() {
      await darkroom.end('SIGTERM');
      await rm(folder, { recursive: true, force: true });
    },
  };
  await darkroom.start();
  return darkroom;
}

/** Asks until there is an answer. The test's own time limit ends a wait in vain. */
export async function eventually<Found>(ask: () => Promise<Found | undefined>): Promise<Found> {
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    await new Promise((wake) => setTimeout(wake, 50));
  }
}

/** The processes of a service, as the console tells them. */
export async function pidsOf({ consoleUrl }: Darkroom, name: string): Promise<number[]> {
  const { origin, searchParams } = new URL(consoleUrl);
  const headers = { authorization: `Bearer ${searchParams.get('token')}` };
  const topology = (await (await fetch(`${origin}/api/topology`, { headers })).json()) as {
    services: { name: string; revisions: { processes: { pid: number }[] }[] }[];
  };
  const { revisions } = topology.services.find((service) => service.name === name)!;
  return revisions.flatMap(({ processes }) => processes.map(({ pid }) => pid));
}
