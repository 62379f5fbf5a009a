import { join } from 'node:path';

export type Environment = Record<string, string | undefined>;

/** What a process needs from the machine itself: the paths of programs and certificates, and proxies. */
const machine = /^(PATH|HOME|LANG|TZ|NODE_EXTRA_CA_CERTS|SSL_CERT_FILE|SSL_CERT_DIR|NODE_USE_ENV_PROXY|(https?|no|all)_proxy)$/i;

/**
 * What every child gets; nothing else of the operator's environment leaks in.
 * @param folder for temporary files and Node's compile cache
 */
export function machineEnvironment(operator: Environment, folder: string): Record<string, string> {
  const passed = Object.entries(operator).filter(
    (entry): entry is [string, string] => machine.test(entry[0]) && entry[1] !== undefined,
  );
  return {
    ...Object.fromEntries(passed),
    NODE_ENV: 'production',
    TMPDIR: join(folder, 'tmp'),
    NODE_COMPILE_CACHE: join(folder, 'compile-cache'),
    // A dozen programs share the machine, and glibc keeps what a program has freed: for each thread, and of blocks that grow with what was once
    // asked for.
    MALLOC_ARENA_MAX: '2',
    MALLOC_MMAP_THRESHOLD_: String(128 * 1024),
  };
}
