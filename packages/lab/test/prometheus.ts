import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { renameSync, writeFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { settledPort } from 'knative-local/process/ports';
import { eventually } from './pipeline/darkroom.ts';

const config = resolve(import.meta.dirname, '../../../config/monitoring');

export const isPrometheusMissing = spawnSync('prometheus', ['--version']).error !== undefined;

export interface Sample {
  metric: Record<string, string>;
  value: number;
}

export interface Prometheus {
  url: string;
  query(expr: string): Promise<Sample[]>;
  /** Another target: "127.0.0.1:40123". */
  add(target: string): void;
  remove(target: string): void;
  close(): Promise<void>;
}

/**
 * Prometheus with the rules of config/monitoring.
 * @param first "localhost:9464"
 * @param seconds from one look to the next
 */
export async function startPrometheus(first: string[], seconds = 1): Promise<Prometheus> {
  const folder = await mkdtemp(join(tmpdir(), 'prometheus-'));
  const written = await readFile(join(config, 'prometheus.yml'), 'utf8');
  const own = written
    .replaceAll(/interval: \d+s/g, `interval: ${seconds}s`)
    .replace('rules.yaml', join(config, 'rules.yaml'))
    .replace(/static_configs:[^]*$/, `file_sd_configs: [{ files: [${folder}/targets.json] }]\n`);
  const targets = new Set(first);
  const tell = () => {
    writeFileSync(join(folder, 'targets.part'), JSON.stringify([{ targets: [...targets] }]));
    renameSync(join(folder, 'targets.part'), join(folder, 'targets.json'));
  };
  tell();
  await writeFile(join(folder, 'prometheus.yml'), own);
  const port = await settledPort(0, String);
  const words = [
    `--config.file=${folder}/prometheus.yml`,
    `--storage.tsdb.path=${folder}/data`,
    `--web.listen-address=127.0.0.1:${port}`,
    '--log.level=error',
  ];
  const child = spawn('prometheus', words, { stdio: ['ignore', 'ignore', 'inherit'] });
  const exited = once(child, 'exit');
  const url = `http://127.0.0.1:${port}`;
  await eventually(async () => {
    if (child.exitCode !== null) throw new Error(`Prometheus ended with ${child.exitCode}`);
    return (await fetch(`${url}/-/ready`).catch(() => undefined))?.ok || undefined;
  });
  return {
    url,
    async query(expr) {
      const answer = await fetch(`${url}/api/v1/query`, { method: 'POST', body: new URLSearchParams({ query: expr }) });
      const { data, error } = (await answer.json()) as {
        data?: { resultType: string; result: { metric: Record<string, string>; value: [number, string] }[] };
        error?: string;
      };
      if (!data) throw new Error(`${error}: ${expr}`);
      return data.result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
    },
    add(target) {
      targets.add(target);
      tell();
    },
    remove(target) {
      targets.delete(target);
      tell();
    },
    async close() {
      child.kill('SIGTERM');
      await exited;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
