/** The program cannot start, or a change cannot take effect, for a reason outside the program. The message says what to change. */
export class CannotStart extends Error {
  override readonly name = 'CannotStart';
}

/** The message of anything thrown, including its causes. */
export function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? '' : ` (${explain(error.cause)})`;
  return `${error.message || error.name}${cause}`;
}
