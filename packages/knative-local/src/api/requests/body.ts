import type { IncomingMessage } from 'node:http';
import { parse } from 'yaml';
import { explain } from '../../errors.ts';
import { limits } from '../../limits.ts';
import { StatusError } from '../model/status-error.ts';
import { fromProtobuf } from './protobuf.ts';

/**
 * The body of a request, read in bounds.
 * @throws StatusError 400 if it cannot be read, 413 if it is too large
 */
export async function readBody(request: IncomingMessage): Promise<unknown> {
  const tooLarge = () => new StatusError(413, `the body is larger than ${limits.requestBytes} bytes`);
  if (Number(request.headers['content-length'] ?? 0) > limits.requestBytes) throw tooLarge();
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      size += (chunk as Buffer).length;
      if (size > limits.requestBytes) throw tooLarge();
      chunks.push(chunk as Buffer);
    }
  } catch (cause) {
    // Whoever hung up hears nothing of it, and it is no fault of ours that the log should have.
    throw cause instanceof StatusError ? cause : new StatusError(400, 'the body ended early', { cause });
  }
  const body = Buffer.concat(chunks);
  const type = request.headers['content-type'] ?? '';
  if (type.startsWith('application/vnd.kubernetes.protobuf')) return fromProtobuf(body);
  const text = body.toString();
  if (text.trim() === '') throw new StatusError(400, 'the body is empty');
  const content = parsed(text, /yaml/.test(type));
  inspect(content);
  return content;
}

function parsed(text: string, isYaml: boolean): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    if (isYaml) return parsedYaml(text);
    throw new StatusError(400, `the body is not valid JSON: ${explain(cause)}`, { cause });
  }
}

function parsedYaml(text: string): unknown {
  if (Buffer.byteLength(text) > limits.yamlBytes)
    throw new StatusError(413, `the body is YAML of more than ${limits.yamlBytes} bytes; send it as JSON`);
  try {
    return parse(text, { maxAliasCount: 20, logLevel: 'error' });
  } catch (cause) {
    // The first line says what is wrong, and those after it repeat the body.
    throw new StatusError(400, `the body is not valid YAML: ${explain(cause).split('\n')[0]}`, { cause });
  }
}

/** Deeper than any manifest, and far from what would exhaust the stack. */
const deepest = 64;

function inspect(content: unknown, depth = 0): void {
  if (depth > deepest) throw new StatusError(400, `the body is nested deeper than ${deepest} levels`);
  if (typeof content !== 'object' || content === null) return;
  if (Object.hasOwn(content, '__proto__')) throw new StatusError(400, 'no field can be called __proto__');
  for (const value of Object.values(content)) inspect(value, depth + 1);
}
