/** dead/<job>.<image>.<stage>.json: an event that exhausted its retries, kept so that an operator can see it and send it again. */
export interface DeadLetter {
  /** The attributes of the event as it was; its data says no more. */
  event: Record<string, string>;
  /** The Service that could not take it. */
  stage: string;
  /** The status it answered last; absent where it could not be understood. */
  code?: string;
  /** What it answered, shortened, and without addresses. */
  reason?: string;
  /** In how many rounds it has come here: between two looks of sweep it counts once. */
  count: number;
  /** ISO 8601, the last time. */
  at: string;
  /** The latest of these rounds: the look of sweep that they followed, and when, in milliseconds by the clock of the store. */
  rounds?: { look: number; at: number }[];
}
