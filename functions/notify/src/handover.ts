import type { Mail } from './mail.ts';
import type { MailOutcome } from './outcome.ts';

/** The point after which a mail may arrive. */
export interface Handover {
  /** Aborted when the mail must not be sent any more; without effect once the handover is confirmed. */
  signal: AbortSignal;
  /** Called right before the mail leaves our hands. @throws if it must not be sent; then nothing has been. */
  confirm(): Promise<void>;
}

/** Sends one mail. @throws what `confirm` throws, and the reason of `signal` */
export type Send = (mail: Mail, handover: Handover) => Promise<MailOutcome>;
