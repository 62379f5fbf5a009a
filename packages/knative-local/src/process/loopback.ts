const host = '127.0.0.1';

/**
 * In a container, a function must listen on every interface. On somebody's machine, only the router is open to others, and only if HOST
 * says so.
 * @param wanted what `listen` of a server was called with: options, or port, host and backlog one by one
 * @returns what to call it with. A path is left as it is.
 */
export function onLoopback([target, ...rest]: unknown[]): unknown[] {
  if (typeof target === 'object' && target !== null) return ['port' in target ? { ...target, host } : target, ...rest];
  if (typeof target === 'string' && Number.isNaN(Number(target))) return [target, ...rest];
  const backlog = rest.find((value) => typeof value === 'number');
  const callbacks = [target, ...rest].filter((value) => typeof value === 'function');
  return [{ port: typeof target === 'function' ? 0 : (target ?? 0), host, backlog }, ...callbacks];
}
