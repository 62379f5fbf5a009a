/** No retry can bring this mail to this address. Everything else that a transport throws may pass. */
export class Undeliverable extends Error {
  override readonly name = 'Undeliverable';
}

/** A mail that takes longer counts as failed. */
export const sendSeconds = 60;
