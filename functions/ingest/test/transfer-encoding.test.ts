import { buffer } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { decodePart } from '../src/upload/transfer-encoding.ts';

async function* inPieces(bytes: Buffer, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const every = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
const quoted = (bytes: Buffer) => [...bytes].map((byte) => `=${byte.toString(16).padStart(2, '0')}`).join('');

describe.each<[what: string, encoding: string, sent: string | Buffer, meant: string | Buffer]>([
  ['bytes as they are', 'binary', every, every],
  ['bytes as they are', '8bit', every, every],
  ['bytes as they are', '7bit', 'a=4A=\r\n', 'a=4A=\r\n'],
  ['base64', 'base64', every.toString('base64'), every],
  ['base64 in lines', 'base64', every.toString('base64').replaceAll(/.{10}/g, '$&\r\n \t'), every],
  ['base64 without its padding', 'base64', every.toString('base64').replaceAll('=', ''), every],
  ['a byte in base64', 'base64', 'QQ==', 'A'],
  ['bytes in hexadecimal, small', 'quoted-printable', quoted(every), every],
  ['bytes in hexadecimal, large', 'quoted-printable', quoted(every).toUpperCase(), every],
  ['lines that are joined', 'quoted-printable', 'one=\r\ntwo=\nthree\r\nfour', 'onetwothree\r\nfour'],
  ['signs that stand for themselves', 'quoted-printable', 'a=b =ZZ ==41 100%', 'a=b =ZZ =A 100%'],
  ['an = at the end', 'quoted-printable', 'a=', 'a='],
  ['half a byte at the end', 'quoted-printable', 'a=4', 'a=4'],
  ['text without any', 'quoted-printable', 'plain', 'plain'],
  ['text that is quoted only at the beginning', 'quoted-printable', '=41b', 'Ab'],
  ['nothing', 'quoted-printable', '', ''],
  ['nothing', 'base64', '', ''],
])('%s (%s)', (_what, encoding, sent, meant) => {
  test.each([1, 2, 3, 4, 5, 7, 1000])('are the same in pieces of %i', async (size) => {
    const pieces = inPieces(Buffer.from(sent as string), size);
    expect(await buffer(decodePart(encoding, pieces)!)).toEqual(Buffer.from(meant as string));
  });
});

test('an unknown encoding is not guessed', () => expect(decodePart('uuencode', inPieces(every, 1))).toBeUndefined());

test('what is decoded is passed on at once: no part waits in memory for its end', async () => {
  for (const [encoding, text, meant] of [
    ['base64', 'QUJD', 'ABC'],
    ['quoted-printable', 'ABC', 'ABC'],
    ['quoted-printable', 'A', 'A'],
    ['quoted-printable', '=41BC', 'ABC'],
    ['quoted-printable', '=41BC=', 'ABC'],
    ['quoted-printable', '=41BC=4', 'ABC'],
  ] as const) {
    async function* endless() {
      yield Buffer.from(text);
      await new Promise(() => {});
    }
    const decoded = decodePart(encoding, endless())![Symbol.asyncIterator]();
    expect(await decoded.next()).toEqual({ done: false, value: Buffer.from(meant) });
  }
});
