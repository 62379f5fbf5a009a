/**
 * An Idempotency-Key for each content: the same photos and wishes, sent again because no answer came, have the same key, and become one job.
 */
export function keyring(): (form: FormData) => string {
  let [known, key] = ['', ''];
  return (form) => {
    const content = JSON.stringify([...form].map(([name, value]) => [name, typeof value === 'string' ? value : traitsOf(value)]));
    if (content !== known) [known, key] = [content, randomKey()];
    return key;
  };
}

const traitsOf = ({ name, size, lastModified }: File) => [name, size, lastModified];

/** crypto.randomUUID exists only where the page came by HTTPS. */
function randomKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
