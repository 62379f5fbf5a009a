/**
 * How an attempt to send a mail ended. `answer` is for the log: where in the dialogue, and the codes. The words of mail servers are left out,
 * since they quote addresses.
 */
export type MailOutcome =
  | { kind: 'sent' }
  /** The address takes no mail: no attempt can change that. */
  | { kind: 'addressRefused'; answer: string }
  /** This mail is not taken, because it is too large or for what is in it. */
  | { kind: 'contentRefused'; answer: string }
  /** Our own sender, sign-in or address on the network is refused: an operator can mend it, and it concerns every mail. */
  | { kind: 'misconfigured'; answer: string }
  /** It was certainly not sent, and may be later. */
  | { kind: 'busy'; answer: string; retryAfterSeconds?: number }
  /** It went out, and whether it arrived is not known. */
  | { kind: 'unsure'; answer: string };

export const outcomeKinds = ['sent', 'addressRefused', 'contentRefused', 'misconfigured', 'busy', 'unsure'] as const;
