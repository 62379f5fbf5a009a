/** How a program shows an API key. */
export const securitySchemes = { apiKey: { type: 'http', scheme: 'bearer', description: 'A key that the operator gave out.' } };

/** Whether a post shows an API key; undefined where there are none. */
export type Keys = 'required' | 'optional' | undefined;

/** What an operation demands that brings photos. */
export function securityOf(keys: Keys) {
  const keyed = [{ apiKey: [] }];
  return keys ? { security: keys === 'required' ? keyed : [{}, ...keyed] } : {};
}

/** The status with which it is refused for that. */
export const unauthorized = (keys: Keys) => (keys ? [401] : []);
