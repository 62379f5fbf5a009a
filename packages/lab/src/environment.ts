import { availableParallelism, totalmem } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { defaultWorkers } from '@darkroom/shared/worker/count';
import { machineEnvironment } from 'knative-local/machine';
import type { Settings } from './settings.ts';

/** Operational settings that reach every function, whether or not a manifest names them. A test holds the README to them. */
export const operational =
  /^(MAIL_|SENDGRID_|MAX_|MIN_|CLIENT_|ADDRESS_|API_|JOB_|AWS_|OTEL_|WEBHOOK)|^(EMAIL_REQUIRED|HEIC|RETENTION|LOG_FORMAT|METRICS_LINGER|DOWNLOADS|WORKERS|ALLOWED_ORIGINS)$/;

/** What every function gets, unless its manifest or the operator says otherwise. Filters share this machine with all that a photo needs besides. */
export const defaults = { WORKERS: String(defaultWorkers({ processors: availableParallelism() >> 1, bytes: totalmem() / 2 })) };

/** How this lab's functions find each other. */
export interface LabEndpoints {
  sink: string;
  /** The secret that they show each other: see EVENT_TOKEN in SECURITY.md. */
  token: string;
  smtpPort: number;
  /** What webhooks are signed with. */
  webhookSecret: string;
  publicUrl: string;
}

/** Where photos and prints are. */
export function storeLocation({ STORE_URL, DATA_DIR }: Pick<Settings, 'STORE_URL' | 'DATA_DIR'>): string {
  return STORE_URL ?? pathToFileURL(join(DATA_DIR, 'store')).href;
}

/** The environment that the lab gives to every function, whatever its manifest says. */
export function labEnvironment(
  settings: Settings,
  { sink, token, smtpPort, webhookSecret, publicUrl }: LabEndpoints,
): Record<string, string> {
  const { operator, DATA_DIR, SMTP_URL, MAIL_FROM } = settings;
  return {
    ...machineEnvironment(operator, DATA_DIR),
    K_SINK: sink,
    EVENT_TOKEN: token,
    STORE_URL: storeLocation(settings),
    SMTP_URL: SMTP_URL ?? `smtp://127.0.0.1:${smtpPort}`,
    MAIL_FROM,
    WEBHOOK_SECRET: webhookSecret,
    PUBLIC_URL: publicUrl,
    // The router, and whatever the operator has put in front of it.
    TRUSTED_PROXIES: operator['TRUSTED_PROXIES'] ?? '1',
  };
}
