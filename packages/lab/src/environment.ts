import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { machineEnvironment } from 'knative-local/machine';
import type { Settings } from './settings.ts';

/** Settings of operation that reach every function, whether a manifest names them or not. */
export const operational =
  /^(MAIL_|SENDGRID_|MAX_|MIN_|CLIENT_|ADDRESS_|IMAGE_|JOB_|AWS_)|^(RETENTION|DOWNLOADS|ALLOWED_ORIGINS|LOG_LEVEL)$/;

/** Where this lab's functions find each other. */
export interface Surroundings {
  sink: string;
  smtpPort: number;
  publicUrl: string;
}

/** The environment that the lab gives to every function, whatever its manifest says. */
export function labEnvironment(settings: Settings, { sink, smtpPort, publicUrl }: Surroundings): Record<string, string> {
  const { operator, DATA_DIR, STORE_URL, SMTP_URL, MAIL_FROM } = settings;
  return {
    ...machineEnvironment(operator, DATA_DIR),
    K_SINK: sink,
    STORE_URL: STORE_URL ?? pathToFileURL(join(DATA_DIR, 'store')).href,
    SMTP_URL: SMTP_URL ?? `smtp://127.0.0.1:${smtpPort}`,
    MAIL_FROM,
    PUBLIC_URL: publicUrl,
    // The router, and whatever the operator has put before it.
    TRUSTED_PROXIES: operator['TRUSTED_PROXIES'] ?? '1',
    // What a cluster serves on one port in each pod would meet here; 0 takes any that is free.
    METRICS_PORT: operator['METRICS_PORT'] ?? '',
  };
}
