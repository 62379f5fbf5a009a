/** How an attempt to deliver a webhook ended. `reason` is for whoever posted the photos. */
export type WebhookOutcome =
  | { kind: 'delivered' }
  /** No attempt can change that: the target is none that may be called, or says that it is gone. */
  | { kind: 'refused'; reason: string }
  | { kind: 'failed'; reason: string; retryAfterSeconds?: number };
