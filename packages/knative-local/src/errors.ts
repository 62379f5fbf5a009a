/** It cannot start, or a change cannot take effect, and the reason lies outside of this program. The message says what to change. */
export class CannotStart extends Error {
  override readonly name = 'CannotStart';
}

/** The message of anything that was thrown, with the causes behind it. */
export function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? '' : ` (${explain(error.cause)})`;
  return `${error.message || error.name}${cause}`;
}
