/** dead/<job>.<image>.<stage>.json: an event that exhausted its retries, kept so that an operator can see it and send it again. */
export interface DeadLetter {
  /** The attributes of the event as it was; its data says no more. */
  event: Record<string, string>;
  /** The Service that could not take it. */
  stage: string;
  /** The status it answered last; absent where it could not be understood. */
  code?: string;
  /** What it answered, shortened by the broker. */
  reason?: string;
  /** How often it has come here. */
  count: number;
  /** ISO 8601, the last time. */
  at: string;
}
