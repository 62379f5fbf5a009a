import { randomBytes } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { base64Lines, base64Size } from '../src/base64.ts';
import { attachment } from './support.ts';

test.each([0, 1, 2, 3, 56, 57, 58, 113, 114, 115, 4096, 100_000])('%i bytes, in whatever pieces they come', async (size) => {
  const content = randomBytes(size);
  for (const piece of [1, 3, 57, 100, 64 * 1024]) {
    const { read } = attachment('', '', content, piece);
    const lines = (await buffer(base64Lines(read()))).toString('latin1');
    expect(lines).toHaveLength(base64Size(size));
    expect(lines).toBe(content.toString('base64').replace(/.{1,76}/g, '$&\r\n'));
  }
});
