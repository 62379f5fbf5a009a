import { CannotStart } from './errors.ts';
import type { Topology } from './manifest/topology.ts';
import type { RuntimeOptions } from './runtime-options.ts';

/**
 * The service behind the public address.
 * @throws CannotStart if there is no such service, or the choice is not clear
 */
export function publicService(
  { services }: Topology,
  { service, settings }: Pick<RuntimeOptions, 'service' | 'settings'>,
): string {
  const names = services.map(({ name }) => name).join(', ');
  const hint = settings.service ? ` Choose with ${settings.service}.` : '';
  const candidates = services.filter((each) => each.http);
  if (service === undefined && candidates.length === 1) return candidates[0]!.name;
  if (service === undefined)
    throw new CannotStart(
      `${candidates.length === 0 ? 'No function is' : 'Several functions are'} invoked by HTTP. Say which is public; there is ${names}.${hint}`,
    );
  if (services.some(({ name }) => name === service)) return service;
  throw new CannotStart(`There is no service ${service}; there is ${names}.${hint}`);
}
