/**
 * How an attempt to send a mail ended. `answer` is for the log: where in the dialogue, and which codes. The words of mail servers are left
 * out, because they quote addresses.
 */
export type MailOutcome =
  | { kind: 'sent' }
  /** The address accepts no mail: no attempt can change that. */
  | { kind: 'addressRefused'; answer: string }
  /** This mail is not accepted, because of its size or its content. */
  | { kind: 'contentRefused'; answer: string }
  /** Our own sender, sign-in or network address is refused. It affects every mail, and an operator can fix it. */
  | { kind: 'misconfigured'; answer: string }
  /** It was certainly not sent, but may be later. */
  | { kind: 'busy'; answer: string; retryAfterSeconds?: number }
  /** It went out, and whether it arrived is not known. */
  | { kind: 'unsure'; answer: string };
