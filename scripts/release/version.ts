import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parse } from 'yaml';
import type { Service, Template } from './service.ts';

const folder = resolve(import.meta.dirname, '../../config/versions');

/** What a version of ingest is: a file in config/versions, by its name. */
export interface Version {
  tag: string;
  template: Template;
}

/**
 * @param asked tags; none for every version
 * @throws if a tag is not a file in config/versions, or versions do not set the same variables
 */
export async function readVersions(asked: string[]): Promise<Version[]> {
  const tags = (await readdir(folder)).filter((name) => /^v\d+\.yaml$/.test(name)).map((name) => name.slice(0, -'.yaml'.length));
  const unknown = asked.find((tag) => !tags.includes(tag));
  if (unknown) throw new Error(`There is no config/versions/${unknown}.yaml; there is ${tags.join(', ')}.`);
  const versions = await Promise.all(tags.sort().map(readVersion));
  // A variable that only one version sets would linger from the previous release.
  if (new Set(versions.map(variablesOf)).size > 1)
    throw new Error('The versions in config/versions must set the same variables. Add what is missing to each.');
  return versions.filter(({ tag }) => asked.length === 0 || asked.includes(tag));
}

async function readVersion(tag: string): Promise<Version> {
  const { spec } = parse(await readFile(join(folder, `${tag}.yaml`), 'utf8')) as Service;
  return { tag, template: spec.template };
}

function variablesOf({ template }: Version): string | undefined {
  const names = template.spec.containers[0]?.env?.map(({ name }) => name);
  return names?.sort().join();
}
