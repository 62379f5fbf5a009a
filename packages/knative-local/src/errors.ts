/** The program cannot start, or a change cannot take effect, for a reason outside the program. The message says what to change. */
export class CannotStart extends Error {
  override readonly name = 'CannotStart';
}

/** The manifests, or what a client wants of them, cannot take effect. */
export class WrongManifests extends CannotStart {
  /** Each says where, what, and what to do. */
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(`The manifests need a change:\n  ${faults.join('\n  ')}`);
    this.faults = faults;
  }
}

/** The message of anything thrown, including its causes. */
export function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? '' : ` (${explain(error.cause)})`;
  return `${error.message || error.name}${cause}`;
}
