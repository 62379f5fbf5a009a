import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parse } from 'yaml';
import { type Fragment, merged } from '../merged.ts';
import type { Template } from './service.ts';

const podFile = resolve(import.meta.dirname, '../../config/pod.yaml');

/**
 * The template as func left it, with what config/pod.yaml adds; without its name, and without the hour at which func built it: the same
 * image is the same revision.
 */
export async function hardened({ metadata, spec }: Template): Promise<Template> {
  const { name: _name, ...rest } = metadata ?? {};
  const pod = parse(await readFile(podFile, 'utf8')) as Fragment;
  const [container, ...others] = spec.containers;
  const timeless = { ...container, env: container?.env?.filter(({ name }) => name !== 'BUILT') ?? [] };
  return { metadata: rest, spec: merged({ ...spec, containers: [timeless, ...others] }, pod) as Template['spec'] };
}

/** Eight hexadecimal digits that tell one content from another. */
export function digestOf(template: Template): string {
  const text = JSON.stringify(template, (_key, value: unknown) => {
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
    return value;
  });
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}
