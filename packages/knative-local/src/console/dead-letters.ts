import type { CloudEvent } from '../broker/event.ts';
import type { DeadLetterView } from './view.ts';

/** The dead letters that a project keeps, where it has a way to send them again. */
export interface DeadLetters {
  list(): Promise<DeadLetterView[]>;
  /**
   * Sends one again.
   * @param publish hands an event to a Broker; throws if that does not take it
   * @returns false if there is none with that name
   */
  replay(name: string, publish: (broker: string, event: CloudEvent) => void): Promise<boolean>;
}
