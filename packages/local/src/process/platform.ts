import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Environment } from '@darkroom/shared/config';

/** What a process needs of the machine itself: where programs, certificates and the way out are. */
const machine = /^(PATH|HOME|LANG|TZ|NODE_EXTRA_CA_CERTS|SSL_CERT_FILE|SSL_CERT_DIR|NODE_USE_ENV_PROXY|(https?|no|all)_proxy)$/i;

export interface Surroundings {
  operator: Environment;
  dataFolder: string;
  sink: string;
  smtpUrl: string;
  mailFrom: string;
  publicUrl: string;
  storeUrl: string | undefined;
}

/** The environment that the platform gives to every function, whatever its manifest says. */
export function platformEnvironment(around: Surroundings): Record<string, string> {
  return {
    ...machineEnvironment(around.operator, around.dataFolder),
    K_SINK: around.sink,
    STORE_URL: around.storeUrl ?? pathToFileURL(join(around.dataFolder, 'store')).href,
    SMTP_URL: around.smtpUrl,
    MAIL_FROM: around.mailFrom,
    PUBLIC_URL: around.publicUrl,
  };
}

/** What any child gets; nothing else of the operator's environment leaks in. */
export function machineEnvironment(operator: Environment, dataFolder: string): Record<string, string> {
  const passed = Object.entries(operator).filter(
    (entry): entry is [string, string] => machine.test(entry[0]) && entry[1] !== undefined,
  );
  return {
    ...Object.fromEntries(passed),
    NODE_ENV: 'production',
    TMPDIR: join(dataFolder, 'tmp'),
    NODE_COMPILE_CACHE: join(dataFolder, 'compile-cache'),
  };
}
