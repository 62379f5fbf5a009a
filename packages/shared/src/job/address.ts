/** The most characters an address may have. RFC 5321, 4.5.3.1: a path of 256, minus its brackets. */
export const longestAddress = 254;

/**
 * Whether a text is exactly one plain e-mail address, without a display name. Deliberately narrower than RFC 5321: mailers
 * read commas, quotes, angle brackets and line breaks as more recipients or more headers.
 */
export function isPlainAddress(text: string): boolean {
  const label = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
  const address = new RegExp(`^[\\w.!#$%&'*+/=?^\`{|}~-]{1,64}@${label}(?:\\.${label})*$`, 'i');
  return text.length <= longestAddress && address.test(text) && !/^\.|\.\.|\.@/.test(text);
}
