import { Rejected } from '@darkroom/shared/errors';
import { headBytes, typeOf } from '@darkroom/shared/image/foreign';
import { size } from '../src/api/words.ts';
import { facts } from './facts.ts';

/** What is wrong with a file and what to do, as far as that can be told before a byte of it is sent. */
export async function faultOf(file: File): Promise<string | undefined> {
  if (file.size > facts.maxFileBytes)
    return `It is larger than the ${size(facts.maxFileBytes)} that a photo may have. Choose a smaller version of it.`;
  try {
    const head = await file.slice(0, headBytes).arrayBuffer();
    if (head.byteLength === 0) return 'The file is empty. Choose another.';
    typeOf(new Uint8Array(head), facts);
    return undefined;
  } catch (error) {
    return error instanceof Rejected ? error.message : 'It cannot be read. Choose it once more.';
  }
}
