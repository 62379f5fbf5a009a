/** dead/<job>.<image>.<stage>.json: an event that exhausted its retries, kept so that an operator can see and resend it. */
export interface DeadLetter {
  /** The attributes of the original event; its data says no more. */
  event: Record<string, string>;
  /** The Service that could not handle it. */
  stage: string;
  /** The last status it answered; absent if that could not be understood. */
  code?: string;
  /** What it answered, shortened and without e-mail addresses. */
  reason?: string;
  /** In how many rounds it arrived: however often it comes between two of sweep's looks, it counts once. */
  count: number;
  /** When it last arrived, in ISO 8601. */
  at: string;
  /** The latest rounds: which of sweep's looks each followed, and when, in milliseconds by the store's clock. */
  rounds?: { look: number; at: number }[];
}
