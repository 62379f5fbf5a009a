#!/usr/bin/env node
/**
 * knative-local [--config DIR]... [--functions DIR] [--port N] [--service NAME] [--data DIR] [--correlation NAME] [--metrics N]
 *     [--charts FILE] [--scale-out]
 *
 * --config     the folder of manifests; may be repeated, and is then applied in order (default: config)
 * --functions  the folder of functions, each in its own folder with a func.yaml (default: functions)
 * --port       the public port; 0 means any free one (default: 8080)
 * --service    the function behind it (default: the only one with `invoke: http`)
 * --data       where the kubeconfig is, and what kubectl and kn said (default: .knative-local)
 * --correlation  the attribute that events of one chain share, for the console (default: chains follow replies)
 * --metrics    the port of /metrics on loopback, of all functions together; 0 means any free one (default: 0)
 * --charts     a file that says what the console draws of these metrics (default: nothing is drawn)
 * --scale-out  revisions have as many processes as their requests need (default: at most one; in both cases, none after an idle minute)
 *
 * Environment variables stand in for Secrets, and override ConfigMap keys of the same name.
 */
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { CannotStart, explain } from './errors.ts';
import { createLog, type Log } from './log.ts';
import { displayed } from './manifest/document.ts';
import { machineEnvironment } from './machine.ts';
import { runProgram, type Running } from './program.ts';
import { startRuntime } from './runtime.ts';

const usage =
  'Usage: knative-local [--config DIR]... [--functions DIR] [--port N] [--service NAME] [--data DIR] [--correlation NAME] [--metrics N] [--charts FILE] [--scale-out]';

interface Options {
  config: string[];
  functions: string;
  port: number;
  service: string | undefined;
  data: string;
  correlation: string | undefined;
  metrics: number;
  charts: string | undefined;
  scaleOut: boolean;
}

/** @throws CannotStart with the usage */
function readOptions(): Options {
  try {
    const text = { type: 'string' as const };
    const { values } = parseArgs({
      options: {
        config: { ...text, multiple: true },
        functions: text,
        port: text,
        service: text,
        data: text,
        correlation: text,
        metrics: text,
        charts: text,
        'scale-out': { type: 'boolean' },
      },
    });
    const { config = ['config'], functions = 'functions', service, data = '.knative-local', correlation } = values;
    const { port = '8080', metrics = '0', charts } = values;
    for (const [name, written] of Object.entries({ port, metrics }))
      if (!/^\d{1,5}$/.test(written) || Number(written) > 65_535)
        throw new Error(`--${name} must be a whole number from 0 to 65535.`);
    return {
      config: config.map((folder) => resolve(folder)),
      functions: resolve(functions),
      port: Number(port),
      service,
      data: resolve(data),
      correlation,
      metrics: Number(metrics),
      charts: charts === undefined ? undefined : resolve(charts),
      scaleOut: values['scale-out'] ?? false,
    };
  } catch (error) {
    throw new CannotStart(`${explain(error)}\n${usage}`, { cause: error });
  }
}

function start(log: Log): Running {
  const { config, functions, port, service, data, correlation, metrics, charts, scaleOut } = readOptions();
  const folder = mkdtempSync(join(tmpdir(), 'knative-local-'));
  const runtime = startRuntime({
    config,
    functions,
    settings: { config: '--config', functions: '--functions', service: '--service' },
    operator: process.env,
    host: '127.0.0.1',
    port,
    anotherPort: (free) => `--port ${free}`,
    service,
    data,
    correlation,
    metrics: { port: metrics, anotherPort: (free) => `--metrics ${free}` },
    charts,
    scaleOut,
    unavailable: 'The function is starting. Please try again in a few seconds.',
    environment: ({ brokerUrl }) => ({ ...machineEnvironment(process.env, folder), K_SINK: brokerUrl }),
    log,
  });
  return {
    started: runtime.started.then((started) => banner(started)),
    async stop() {
      await runtime.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function banner({
  port,
  service,
  brokerUrl,
  traffic,
  kubeconfig,
  consoleUrl,
  metricsUrl,
}: Awaited<ReturnType<typeof startRuntime>['started']>): string {
  return `
  knative-local is ready.

    ${service.padEnd(8)} http://localhost:${port}
    Broker   ${brokerUrl}
    Console  ${consoleUrl}
    Metrics  ${metricsUrl}
    Traffic  ${traffic}

    export KUBECONFIG=${displayed(kubeconfig!)}    # kubectl and kn then act on this machine

  Ctrl-C stops.
`;
}

const log = createLog();
await runProgram(() => start(log), log);
