import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { openStore } from '@darkroom/shared/store/open';
import { banner } from './banner.ts';
import { consoleDeadLetters } from './console-dead-letters.ts';
import { openDataFolder } from './data-folder.ts';
import { defaults, labEnvironment, operational, storeLocation } from './environment.ts';
import { inbox } from './inbox.ts';
import type { Log } from 'knative-local/log';
import { machineEnvironment } from 'knative-local/machine';
import { settledPort } from 'knative-local/process/ports';
import { startRuntime } from 'knative-local/runtime';
import type { RuntimeOptions } from 'knative-local/runtime-options';
import { writeRuntimeFile } from './runtime-file.ts';
import { sourcesOf } from './sources.ts';
import { ownWebhookSecret } from './webhook-secret.ts';
import { inspectWiring } from './wiring.ts';
import type { Settings } from './settings.ts';

export interface Lab {
  /** Resolves with a message for the operator once everything is ready. Rejects with a sentence if something cannot start. */
  started: Promise<string>;
  /** Takes everything down, in the order in which work flows. */
  stop(): Promise<void>;
}

/** What a failure test puts between the parts. */
export interface Interference {
  intercept?: RuntimeOptions['intercept'];
  /** Added to the environment of every function. */
  environment?: Record<string, string>;
}

/** The whole of Darkroom on one machine: its functions as config/ wires them, an inbox, and a folder for its data. */
export function startLab(
  settings: Settings & { scaleOut?: boolean },
  log: Log,
  { intercept, environment = {} }: Interference = {},
): Lab {
  const { operator, DATA_DIR: dataFolder } = settings;
  /** What started last ends first. */
  const ending = new AsyncDisposableStack();
  const started = start();
  let stopped: Promise<void> | undefined;
  return { started, stop: () => (stopped ??= ending.disposeAsync()) };

  async function start(): Promise<string> {
    ending.defer(await openDataFolder(dataFolder));
    const [smtpPort, webPort] = await Promise.all([
      settledPort(settings.SMTP_PORT, anotherPort('SMTP_PORT')),
      settledPort(settings.INBOX_PORT, anotherPort('INBOX_PORT')),
    ]);
    const webhookSecret = settings.WEBHOOK_SECRET ?? (await ownWebhookSecret(dataFolder));
    const token = randomBytes(32).toString('base64url');
    const publicUrl = (port: number) => settings.PUBLIC_URL ?? `http://localhost:${port}`;
    const runtime = startRuntime({
      config: configFolders(settings.CONFIG_DIR),
      functions: settings.FUNCTIONS_DIR,
      settings: { config: 'CONFIG_DIR', functions: 'FUNCTIONS_DIR' },
      operator,
      operational,
      defaults,
      image: { pattern: /(?:^|\/)darkroom\/([\w.-]+?)(?:[:@].*)?$/, written: 'darkroom/<function>' },
      host: settings.HOST,
      port: settings.PORT,
      data: dataFolder,
      scaleOut: settings.scaleOut ?? false,
      anotherPort: anotherPort('PORT'),
      service: 'ingest',
      unavailable: 'Darkroom is starting. Please try again in a few seconds.',
      environment: ({ port, brokerUrl }) => ({
        ...labEnvironment(settings, { sink: brokerUrl, token, smtpPort, webhookSecret, publicUrl: publicUrl(port) }),
        ...environment,
      }),
      companions: [inbox({ smtpPort, webPort, folder: join(dataFolder, 'inbox') }, machineEnvironment(operator, dataFolder))],
      token,
      inspect: inspectWiring,
      metrics: { port: settings.METRICS_PORT, anotherPort: anotherPort('METRICS_PORT'), variable: 'METRICS_PORT' },
      charts: chartsIn(settings.CONFIG_DIR),
      correlation: 'job',
      deadLetters: consoleDeadLetters(() => openStore(storeLocation(settings))),
      sources: sourcesOf(settings.FUNCTIONS_DIR, log),
      names: settings.PUBLIC_URL ? [new URL(settings.PUBLIC_URL).hostname] : [],
      firstPing: withoutIdling,
      ...(intercept && { intercept }),
      log,
    });
    // Processes that had to be killed could not clear up after themselves.
    ending.defer(() => rm(join(dataFolder, 'tmp'), { recursive: true, force: true }));
    ending.defer(() => runtime.stop());
    const { port, brokerUrl, traffic, kubeconfig, consoleUrl, metricsUrl } = await runtime.started;
    const inboxUrl = `http://localhost:${webPort}`;
    const addresses = {
      publicUrl: publicUrl(port),
      inboxUrl,
      consoleUrl: consoleUrl!,
      metricsUrl: metricsUrl!,
      smtpPort,
      brokerUrl,
    };
    ending.defer(await writeRuntimeFile(dataFolder, { ...addresses, token }));
    return banner(addresses, dataFolder, traffic, kubeconfig!);
  }
}

/** The wiring, and the versions of ingest, which a cluster gets by `npm run release` instead. */
export function configFolders(config: string): string[] {
  return [config, join(config, 'versions')].filter((folder) => folder === config || existsSync(folder));
}

/** What the console draws; a folder of one's own may do without. */
function chartsIn(config: string): string | undefined {
  const file = join(config, 'monitoring/charts.json');
  return existsSync(file) ? file : undefined;
}

function anotherPort(setting: string): (port: number) => string {
  return (port) => `${setting}=${port} npm start`;
}

/** At the start nothing can be under way, so `idleSeconds` becomes 0 if the data has it. */
function withoutIdling(data: string): string {
  try {
    const content: unknown = JSON.parse(data);
    if (typeof content === 'object' && content !== null && 'idleSeconds' in content)
      return JSON.stringify({ ...content, idleSeconds: 0 });
  } catch {
    // The data need not be JSON.
  }
  return data;
}
