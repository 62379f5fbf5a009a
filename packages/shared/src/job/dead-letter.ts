import { eventType } from '../events.ts';
import type { Job } from './job.ts';

/** dead/<job>.<image>.<stage>.json: an event that exhausted its retries, kept so that an operator can see and resend it. */
export interface DeadLetter {
  /** The attributes of the original event; its data says no more. */
  event: Record<string, string>;
  /** The Service that could not take it; `unknown` where neither the broker nor the job tells which of several it was. */
  stage: string;
  /** The last status it answered; absent if that could not be understood. */
  code?: string;
  /** What it answered, shortened and without e-mail addresses. */
  reason?: string;
  /** In how many rounds it arrived: however often it comes between two of sweep's looks, it counts once. */
  count: number;
  /** When it last arrived, in ISO 8601. */
  at: string;
  /**
   * The latest of these rounds: the look of sweep that they followed, and when, in milliseconds by the clock of the store. `excused`: nothing
   * says that the photo was at fault. `made`: when the stage had last made a print, by the same clock.
   */
  rounds?: { look: number; at: number; excused?: true; made?: number }[];
}

export const unknownStage = 'unknown';

/** The stages of a job that an event with these attributes is meant for, as the Triggers in config/ have it. */
export function stagesFor({ filters, archive }: Job, attributes: Record<string, string>): string[] {
  switch (attributes['type']) {
    case eventType.imageUploaded:
      return filters.filter((name) => attributes[name] === 'true');
    case eventType.filterFinished:
      return [archive ? 'zip' : 'notify'];
    case eventType.archiveCreated:
      return ['notify'];
    default:
      return [];
  }
}
