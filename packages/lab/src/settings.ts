import { resolve } from 'node:path';
import { type Environment, integer, readConfig, url } from '@darkroom/shared/config';
import * as v from 'valibot';

const root = resolve(import.meta.dirname, '../../..');
const port = (fallback: number) => v.optional(integer(0, 65_535), String(fallback));

const schema = {
  HOST: v.optional(v.string(), '127.0.0.1'),
  PORT: port(8080),
  SMTP_PORT: port(1025),
  INBOX_PORT: port(1080),
  METRICS_PORT: port(0),
  SMTP_URL: v.optional(url('smtp:', 'smtps:')),
  MAIL_FROM: v.optional(v.string(), 'Darkroom <darkroom@localhost>'),
  WEBHOOK_SECRET: v.optional(v.string()),
  PUBLIC_URL: v.optional(url('http:', 'https:')),
  STORE_URL: v.optional(v.string()),
  DATA_DIR: v.optional(v.string(), '.darkroom'),
  CONFIG_DIR: v.optional(v.string(), 'config'),
  FUNCTIONS_DIR: v.optional(v.string(), 'functions'),
};

export type Settings = ReturnType<typeof readSettings>;

/**
 * What the operator asked for. Folders are relative to the repository; port 0 means any free one.
 * @throws Misconfigured with every fault at once
 */
export function readSettings(environment: Environment = process.env) {
  const read = readConfig(schema, environment);
  return {
    ...read,
    DATA_DIR: resolve(root, read.DATA_DIR),
    CONFIG_DIR: resolve(root, read.CONFIG_DIR),
    FUNCTIONS_DIR: resolve(root, read.FUNCTIONS_DIR),
    /** Stands in for the cluster's Secrets, and overrides ConfigMap keys of the same name. */
    operator: environment,
  };
}
