import { execFileSync, spawn } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import ignore from 'ignore';
import { expect, onTestFinished, test } from 'vitest';
import { freePort } from '../../../shared/test/support/function.ts';
import { eventually, repository } from './darkroom.ts';

const functions = join(repository, 'functions');
const environment = {
  STORE_URL: 'file:/tmp/store',
  K_SINK: 'http://127.0.0.1:1/default/default',
  PUBLIC_URL: 'http://localhost',
  MAIL_FROM: 'lab@example.org',
  SMTP_URL: 'smtp://127.0.0.1:1',
  WEBHOOK_SECRET: `whsec_${Buffer.alloc(24).toString('base64')}`,
  FILTERS: 'grayscale',
};

test.each(['ingest', 'grayscale', 'sepia', 'zip', 'notify', 'webhook', 'sweep'])(
  '%s: what .funcignore lets through installs and starts on its own',
  async (name) => {
    const folder = await mkdtemp(join(tmpdir(), 'deploy-'));
    const source = join(functions, name);
    const rules = ignore().add(await readFile(join(source, '.funcignore'), 'utf8'));
    await cp(source, folder, { recursive: true, filter: (path) => path === source || !rules.ignores(relative(source, path)) });
    expect((await readdir(folder)).sort()).toEqual(['dist', 'func.yaml']);

    const dist = join(folder, 'dist');
    // As the Node.js buildpack does it.
    execFileSync('npm', ['install', '--omit=dev', '--no-audit', '--no-fund'], { cwd: dist, stdio: 'pipe' });
    const port = await freePort();
    const child = spawn('npm', ['start'], {
      cwd: dist,
      env: { ...process.env, ...environment, PORT: String(port) },
      detached: true,
      stdio: 'ignore',
    });
    onTestFinished(async () => {
      process.kill(-child.pid!, 'SIGKILL');
      await rm(folder, { recursive: true, force: true });
    });
    const probe = (path: string) =>
      eventually(async () => (await fetch(`http://127.0.0.1:${port}${path}`).catch(() => undefined))?.status);
    for (const path of ['/health/readiness', '/health/liveness']) expect(await probe(path), path).toBe(200);
    // Ingest can be reached from outside, and keeps its metrics to a port of their own.
    expect(await probe('/metrics')).toBe(name === 'ingest' ? 404 : 200);
  },
);
