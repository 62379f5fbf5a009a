import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { explain } from '../errors.ts';
import { limits } from '../limits.ts';
import type { Log } from '../log.ts';
import type { RevisionSpec } from '../manifest/topology.ts';
import { countdown, within } from '../within.ts';
import { createAutoscaler } from './autoscaler.ts';
import { gate } from './gate.ts';
import type { Surroundings } from './life.ts';
import { NotUp, type Replica, type ReplicaOptions, type Revision, startReplica, type Turn } from './revision.ts';

interface Slot {
  replica: Replica;
  /** The smallest that was free. */
  number: number;
  /** Requests in flight. */
  load: number;
  /** It has been ready. */
  proven: boolean;
  /** It only finishes its requests. */
  leaving: boolean;
}

/**
 * A revision with as many replicas as its requests need, also none. Requests wait until there is one, as behind Knative's activator.
 * @param platform what the platform itself puts into the environment; nothing overrides it
 */
export function scaleRevision(
  spec: RevisionSpec,
  platform: Record<string, string>,
  log: Log,
  surroundings: Surroundings,
  {
    temporary = join(platform['TMPDIR'] ?? tmpdir(), spec.name),
    changed = () => undefined,
    ...options
  }: Omit<ReplicaOptions, 'number'> = {},
): Revision {
  const { clock } = surroundings;
  const autoscaler = createAutoscaler(spec.scale, clock.now());
  const slots = new Set<Slot>();
  const taking = () => [...slots].filter(({ leaving }) => !leaving);
  const notUp = () => new NotUp(`${spec.name} is not up`);
  const ready = () => taking().filter(({ replica }) => replica.ready);
  const entrance = gate(() => (ready().length === 0 ? 0 : ready().length * (spec.concurrency || Infinity)));
  const stopping = new AbortController();
  /** Ends the wait of those whom nobody will take any more. */
  const over = new AbortController();
  let up = Promise.withResolvers<void>();
  let quiet = Promise.withResolvers<void>();
  let isUp = false;
  let requests = 0;
  let launches = 0;
  let stopped: Promise<void> | undefined;

  const first = Array.from({ length: Math.max(spec.scale.min, 1) }, launch);
  const started = Promise.all(first.map(({ replica }) => replica.started)).then(() => undefined);
  started.then(scaleOn, () => undefined);

  return {
    spec,
    started,
    get ready() {
      return isUp || taking().length === 0;
    },
    get replicas() {
      return [...slots].map(({ replica }) => replica);
    },
    turn,
    stop: (timeout = limits.drainTime) => (stopped ??= stop(timeout)),
  };

  function launch(): Slot {
    const numbers = new Set([...slots].map(({ number }) => number));
    let number = 1;
    while (numbers.has(number)) number += 1;
    launches += 1;
    // Not by its number: the folder of the one that had the number before may still be on its way out.
    const own = launches === 1 ? temporary : `${temporary}.${launches}`;
    const replica = startReplica(spec, platform, log, surroundings, { ...options, number, temporary: own, changed: look });
    const slot: Slot = { replica, number, load: 0, proven: false, leaving: false };
    slots.add(slot);
    replica.started.catch((error: unknown) => {
      // Those of the first time are told of by whoever waits for the start.
      if (stopping.signal.aborted || slot.leaving || !slots.delete(slot) || first.includes(slot)) return;
      log(replica.process, `${explain(error)} It is started again when it is needed.`);
      look();
    });
    return slot;
  }

  function dismiss(slot: Slot): void {
    slot.leaving = true;
    if (slot.load === 0) void end(slot);
  }

  async function end(slot: Slot): Promise<void> {
    await slot.replica.stop();
    slots.delete(slot);
    look();
  }

  /** Something has changed about a replica. */
  function look(): void {
    const before = isUp;
    for (const slot of ready()) slot.proven = true;
    isUp = ready().length > 0;
    if (isUp && !before) {
      autoscaler.activate(clock.now());
      up.resolve();
    } else if (before && !isUp) up = Promise.withResolvers();
    entrance.open();
    changed();
  }

  async function scaleOn(): Promise<void> {
    for (;;) {
      await clock.sleep(limits.scaleInterval, stopping.signal).catch(() => undefined);
      if (stopping.signal.aborted) return;
      scaleTo(autoscaler.desired(ready().length, clock.now()));
    }
  }

  function scaleTo(wanted: number): void {
    const present = taking();
    // That the only one comes and goes is no news.
    if (present.length !== wanted && spec.scale.max !== 1)
      log('runtime', `${spec.name} scales from ${present.length} to ${wanted}`);
    for (let more = wanted - present.length; more > 0; more -= 1) launch();
    const surplus = Math.max(present.length - wanted, 0);
    const leastBusy = present.toSorted((one, other) => one.load - other.load || other.number - one.number);
    for (const slot of leastBusy.slice(0, surplus)) dismiss(slot);
    look();
  }

  async function turn(signal?: AbortSignal): Promise<Turn> {
    record(1);
    try {
      const { origin, release } = await enter(signal);
      let released = false;
      return {
        origin,
        release() {
          if (released) return;
          released = true;
          release();
          record(-1);
        },
      };
    } catch (error) {
      record(-1);
      throw error;
    }
  }

  function record(more: number): void {
    requests += more;
    autoscaler.record(requests, clock.now());
    if (requests === 0) quiet.resolve();
  }

  async function enter(signal?: AbortSignal): Promise<Turn> {
    if (!isUp && !over.signal.aborted) {
      if (taking().length === 0) scaleTo(1);
      const isStarting = taking().some(({ proven }) => !proven);
      await within(isStarting ? limits.startTime : limits.revisionWait, up.promise, clock);
    }
    if (!isUp || over.signal.aborted) throw notUp();
    const leave = await entrance.enter(AbortSignal.any([over.signal, ...(signal ? [signal] : [])]));
    const [slot] = ready().toSorted((one, other) => one.load - other.load);
    if (!slot) {
      leave();
      return enter(signal);
    }
    slot.load += 1;
    const done = () => {
      slot.load -= 1;
      leave();
      if (slot.leaving && slot.load === 0) void end(slot);
    };
    try {
      const { origin, release } = await slot.replica.turn(signal);
      return {
        origin,
        release() {
          release();
          done();
        },
      };
    } catch (error) {
      done();
      throw error;
    }
  }

  async function stop(timeout: number): Promise<void> {
    stopping.abort();
    const left = countdown(timeout, clock);
    // Those that wait for a start as well: it goes on.
    quiet = Promise.withResolvers();
    if (requests > 0) await within(timeout, quiet.promise, clock);
    over.abort(notUp());
    isUp = false;
    up.resolve();
    await Promise.all([...slots].map(({ replica }) => replica.stop(left())));
    slots.clear();
    changed();
  }
}
