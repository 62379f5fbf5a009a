import type { DeadLetterView } from './view.ts';

/** The dead letters that a project keeps, where it has a way to send them again. */
export interface DeadLetters {
  list(): Promise<DeadLetterView[]>;
  /** Sends one again. Resolves with false if there is none with that name. */
  replay(name: string): Promise<boolean>;
}
