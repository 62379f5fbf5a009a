/** Classes of reasons, by HTTP status: metrics count them, so there must be few. */
const reasons: Record<number, string> = {
  400: 'invalid',
  401: 'forbidden',
  403: 'forbidden',
  404: 'unknown',
  408: 'too_slow',
  409: 'conflict',
  410: 'deleted',
  412: 'invalid',
  413: 'too_large',
  415: 'unsupported',
  422: 'damaged',
};

/**
 * The input itself is at fault, and no retry can fix that. Anything else that is thrown counts as transient, and the broker tries again.
 *
 * `message` is written for the person who sent the photo: it reaches the page, the mail and the HTTP response.
 */
export class Rejected extends Error {
  override readonly name = 'Rejected';
  /** The matching HTTP status. */
  readonly status: number;
  /** The class of the reason, in one word. */
  readonly reason: string;

  constructor(
    message: string,
    { status = 422, reason = reasons[status] ?? 'other', cause }: { status?: number; reason?: string; cause?: unknown } = {},
  ) {
    super(message, { cause });
    this.status = status;
    this.reason = reason;
  }
}

/**
 * The machine is at fault, not the photo: no room for another process, out of memory, an unreachable store. It may work later, so the
 * answer is 503, and the photo is never blamed.
 */
export class Unavailable extends Error {
  override readonly name = 'Unavailable';
  readonly status = 503;
}

/** The environment or a manifest is wrong, so the program cannot start. The message says what to change. */
export class Misconfigured extends Error {
  override readonly name = 'Misconfigured';
}

/** The message of anything thrown, including its causes but no e-mail addresses: it is logged and sent on. */
export function explain(error: unknown): string {
  return redacted(explanation(error));
}

/** Masks whatever looks like an e-mail address. */
export function redacted(text: string): string {
  return text.replace(/[^\s<>"'(),:;/\\]+@[^\s<>"'(),:;/\\]+/g, '[address]');
}

function explanation(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? '' : ` (${explanation(error.cause)})`;
  return `${error.message || error.name}${cause}`;
}
