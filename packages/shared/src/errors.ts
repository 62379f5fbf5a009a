/**
 * A fault that no retry can mend: the input itself is at fault. Everything else that is thrown counts as
 * passing, and is tried again by the broker.
 *
 * `message` is written for the person who sent the photo: it reaches the page, the mail and the HTTP answer.
 */
export class Rejected extends Error {
  override readonly name = 'Rejected';
  /** The HTTP status that says the same. */
  readonly status: number;

  constructor(message: string, { status = 422, cause }: { status?: number; cause?: unknown } = {}) {
    super(message, { cause });
    this.status = status;
  }
}

/**
 * The machine is at fault, not the photo: no room for another process, memory that ran out, a store that cannot be reached. Later may be
 * better, so it is answered with 503, and never held against the photo.
 */
export class Unavailable extends Error {
  override readonly name = 'Unavailable';
  readonly status = 503;
}

/** The environment or a manifest is wrong: the program cannot start. The message says what to change. */
export class Misconfigured extends Error {
  override readonly name = 'Misconfigured';
}

/** The message of anything that was thrown, with the causes behind it, and without addresses: it is logged and sent on. */
export function explain(error: unknown): string {
  return redacted(explanation(error));
}

/** A text without what looks like an e-mail address. */
export function redacted(text: string): string {
  return text.replace(/[^\s<>"'(),:;/\\]+@[^\s<>"'(),:;/\\]+/g, '[address]');
}

function explanation(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? '' : ` (${explanation(error.cause)})`;
  return `${error.message || error.name}${cause}`;
}
