type Bytes = AsyncIterable<Buffer>;

/**
 * The bytes of a part, decoded from its Content-Transfer-Encoding, or undefined if that is unknown. RFC 7578 (4.7) deprecates it, but
 * curl and mail libraries still send it.
 */
export function decodePart(encoding: string, source: Bytes): Bytes | undefined {
  if (['7bit', '8bit', 'binary'].includes(encoding)) return source;
  if (encoding === 'base64') return decodeBase64(source);
  if (encoding === 'quoted-printable') return decodeQuotedPrintable(source);
  return undefined;
}

/** Four characters make three bytes, wherever lines and chunks break. */
async function* decodeBase64(source: Bytes) {
  let rest = '';
  for await (const chunk of source) {
    const text = rest + chunk.toString('latin1').replaceAll(/\s/g, '');
    const whole = text.length - (text.length % 4);
    rest = text.slice(whole);
    yield Buffer.from(text.slice(0, whole), 'base64');
  }
  yield Buffer.from(rest, 'base64');
}

/** "=4A" is a byte, and "=" at the end of a line joins it to the next. A chunk may end in the middle of either. */
async function* decodeQuotedPrintable(source: Bytes) {
  let rest = '';
  for await (const chunk of source) {
    const text = rest + chunk.toString('latin1');
    const cut = text.lastIndexOf('=');
    const whole = cut >= text.length - 2 && cut !== -1 ? cut : text.length;
    rest = text.slice(whole);
    yield unquote(text.slice(0, whole));
  }
  yield unquote(rest);
}

function unquote(text: string): Buffer {
  const plain = text
    .replaceAll(/=\r?\n/g, '')
    .replaceAll(/=([0-9A-F]{2})/gi, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
  return Buffer.from(plain, 'latin1');
}
