/** The addresses of this run's senders that a text holds. */
export function addressesIn(text: string): string[] {
  return [...new Set(text.match(/[\w.+-]+@(?:chaos\.example|example\.org)/g))];
}
