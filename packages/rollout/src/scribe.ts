import { explain } from '@darkroom/shared/errors';
import { checkHold, write } from './hold.ts';
import type { Service } from './kubernetes/service.ts';
import { messageIn, type RolloutRecord } from './record.ts';
import { splitBy } from './traffic.ts';
import type { World } from './world.ts';

/** Writes down what is decided, in the Service; says it; and tells the broker. */
export interface Scribe {
  /** The Service as it was seen last. */
  readonly service: Service;
  /** Looks at the Service. @throws Interrupted if somebody else has acted since `held` was written */
  look(held?: RolloutRecord): Promise<Service>;
  /**
   * Something new, and the traffic with it.
   * @param held what this process wrote last, if anything
   * @param percent for the candidate; if absent, traffic stays
   * @throws Interrupted
   */
  decide(held: RolloutRecord | undefined, next: RolloutRecord, line: string, percent?: number): Promise<RolloutRecord>;
  /** A sign of life. @throws Interrupted */
  renew(held: RolloutRecord, next: RolloutRecord): Promise<RolloutRecord>;
  /** Hands the broker what it has not taken yet. */
  tellBroker(record: RolloutRecord): Promise<RolloutRecord>;
  /** Says something once. @param about what makes two lines the same */
  say(line: string, about?: string): void;
  /** Lets others go on, without a new line. */
  letGo(record: RolloutRecord): Promise<void>;
}

export async function openScribe({ services, publish, say: print }: World, name: string): Promise<Scribe> {
  let service = await services.read(name);
  /** For people who look at the Service. */
  let message = messageIn(service);
  let topic = '';

  function say(line: string, about = line): void {
    if (about !== topic) print(line);
    topic = about;
    message = line;
  }

  async function tellBroker(record: RolloutRecord): Promise<RolloutRecord> {
    const { notice, ...rest } = record;
    if (!notice) return record;
    try {
      await publish(record, notice);
      return rest;
    } catch (error) {
      print(`could not tell the broker: ${explain(error)}`);
      return record;
    }
  }

  return {
    get service() {
      return service;
    },
    async look(held) {
      service = await services.read(name);
      if (held) checkHold(service, held);
      return service;
    },
    async decide(held, next, line, percent) {
      const traffic = percent === undefined ? undefined : (present: Service) => splitBy(present, next, percent);
      service = await write(services, service, held, next, { message: line, ...(traffic && { traffic }) });
      say(line);
      return tellBroker(next);
    },
    async renew(held, next) {
      const told = await tellBroker(next);
      service = await write(services, service, held, told, { message });
      return told;
    },
    tellBroker,
    say,
    async letGo(record) {
      service = await write(services, await services.read(name), record, withoutHolder(record), { message });
    },
  };
}

export function withoutHolder(record: RolloutRecord): RolloutRecord {
  const { holder: _, ...rest } = record;
  return rest;
}
