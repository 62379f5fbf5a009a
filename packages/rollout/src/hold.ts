import type { Clock } from '@darkroom/shared/clock';
import { Refused } from './kubernetes/api.ts';
import type { Service, Services, Target } from './kubernetes/service.ts';
import { annotationsOf, readRecord, type RolloutRecord } from './record.ts';
import { CannotRoll, describeTraffic, isSplitBy } from './traffic.ts';

/** Somebody else acted meanwhile: this process has to let go, and leaves the traffic as it is. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
  /** Whether the rollout is over: a hand moved the traffic. If not, another process goes on with it. */
  readonly isOver: boolean;

  constructor(message: string, isOver: boolean) {
    super(message);
    this.isOver = isOver;
  }
}

/** Controllers write to a Service as well: so often it is read again. */
export const mostAttempts = 20;

/** The share that a running rollout has given the candidate. */
export function percentOf({ plan, step }: RolloutRecord): number {
  return plan.steps[step]!;
}

/** @throws Interrupted if the rollout is not any more as its holder left it */
export function checkHold(service: Service, held: RolloutRecord): void {
  const found = readRecord(service);
  if (found?.phase !== 'running' || found.id !== held.id)
    throw new Interrupted('The record of this rollout was ended or removed by somebody else; traffic stays as it is.', false);
  if (found.holder !== held.holder)
    throw new Interrupted(`${found.holder ?? 'Somebody else'} has taken over this rollout, and goes on with it.`, false);
  if (!isSplitBy(service, held, percentOf(held)))
    throw new Interrupted(`Somebody has moved the traffic meanwhile: it is ${describeTraffic(service)}, and stays so.`, true);
}

/**
 * Writes a record, and with it the traffic, if nobody else has acted since.
 * @param held what this process wrote last; undefined where there is nothing to be held yet
 * @throws Interrupted
 */
export async function write(
  services: Services,
  seen: Service,
  held: RolloutRecord | undefined,
  next: RolloutRecord,
  { message, traffic }: { message: string; traffic?: (service: Service) => Target[] },
): Promise<Service> {
  for (let service = seen, attempt = 1; ; attempt += 1) {
    try {
      return await services.change(service, {
        annotations: annotationsOf(next, message),
        ...(traffic && { traffic: traffic(service) }),
      });
    } catch (error) {
      if (!(error instanceof Refused) || error.status !== 409 || attempt === mostAttempts) throw error;
      service = await services.read(seen.metadata.name);
      if (held) checkHold(service, held);
      else if (readRecord(service)?.beat !== readRecord(seen)?.beat || describeTraffic(service) !== describeTraffic(seen))
        throw new CannotRoll(
          'Somebody else has begun a rollout, or moved the traffic, at the same moment. Look at it, and try again.',
        );
    }
  }
}

/**
 * Waits until it is certain that the holder of a rollout is gone: that it gives no sign of life for `lease` milliseconds of our own clock.
 * @throws CannotRoll as soon as it is certain that it lives. What it had just sent when it was killed may still arrive: it takes two signs.
 */
export async function awaitSilence(
  services: Services,
  seen: Service,
  lease: number,
  clock: Clock,
  signal: AbortSignal,
): Promise<Service> {
  const pause = lease / 10;
  let [service, last] = [seen, readRecord(seen)!];
  let [silent, signs] = [0, 0];
  while (silent < lease) {
    await clock.sleep(pause, signal);
    silent += pause;
    service = await services.read(seen.metadata.name);
    const now = readRecord(service);
    if (now?.phase !== 'running' || now.holder === undefined) return service;
    if (now.holder === last.holder && now.beat === last.beat) continue;
    signs += now.holder === last.holder ? 1 : 2;
    if (signs >= 2)
      throw new CannotRoll(`${now.holder} is at work on this rollout already. Stop it there first, or let it go on.`);
    last = now;
    silent = 0;
  }
  return service;
}
