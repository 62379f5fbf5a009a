import { existsSync, statSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import * as v from 'valibot';
import { isMap, isPair, isScalar, LineCounter, parseAllDocuments, type Document as YamlDocument } from 'yaml';

/** Everything that is wrong with the manifests. Each entry says where, what, and what to do. */
export type Faults = string[];

/** One YAML document that remembers where each of its fields is. */
export interface Document {
  value: unknown;
  apiVersion: string;
  kind: string;
  name: string;
  /** "config/triggers.yaml:12" for a field, or for its nearest existing parent. */
  at(path?: readonly PropertyKey[]): string;
  /** "config/triggers.yaml:12: Trigger sepia: spec.broker: ..." */
  fault(path: readonly PropertyKey[], message: string): string;
}

const kustomization = v.object({
  namespace: v.optional(v.string()),
  resources: v.optional(v.array(v.string()), []),
  patches: v.optional(v.unknown()),
});

/**
 * A folder and, recursively, the folders that its kustomization.yaml lists as resources. Everything else in a kustomization is left to
 * kubectl. One with patches would mean something different there, so it is a fault.
 */
export async function foldersOf(folder: string, faults: Faults = []): Promise<string[]> {
  const path = join(folder, 'kustomization.yaml');
  if (!existsSync(path)) return [folder];
  const named: string[] = [];
  for (const each of await readDocuments(path, faults)) {
    const { resources, patches } = v.parse(v.fallback(kustomization, { resources: [] }), each.value);
    if (patches !== undefined)
      faults.push(each.fault(['patches'], 'only kubectl applies patches; use the folder that they modify'));
    named.push(
      ...resources
        .map((resource) => resolve(folder, resource))
        .filter((target) => statSync(target, { throwIfNoEntry: false })?.isDirectory()),
    );
  }
  return [folder, ...(await Promise.all(named.map((each) => foldersOf(each, faults)))).flat()];
}

/** The namespace that a kustomization puts everything into; undefined if none does. */
export async function namespaceOf(config: readonly string[]): Promise<string | undefined> {
  const folders = (await Promise.all(config.map((folder) => foldersOf(folder)))).flat();
  const files = folders.map((folder) => join(folder, 'kustomization.yaml')).filter((path) => existsSync(path));
  const documents = (await Promise.all(files.map((path) => readDocuments(path, [])))).flat();
  return documents.map(({ value }) => v.parse(v.fallback(kustomization, { resources: [] }), value).namespace).find(Boolean);
}

/** The documents of every *.yaml directly in a folder, in the order in which `kubectl apply -f` applies them. */
export async function readFolder(folder: string, faults: Faults): Promise<Document[]> {
  const names = (await readdir(folder)).filter((name) => /\.ya?ml$/.test(name)).sort();
  const files = await Promise.all(names.map((name) => readDocuments(join(folder, name), faults)));
  return files.flat();
}

export async function readDocuments(path: string, faults: Faults): Promise<Document[]> {
  const lines = new LineCounter();
  const file = displayed(path);
  const parsed = parseAllDocuments(await readFile(path, 'utf8'), { lineCounter: lines, prettyErrors: false });
  const documents: Document[] = [];
  for (const yaml of Array.isArray(parsed) ? parsed : []) {
    for (const error of yaml.errors) faults.push(`${file}:${lines.linePos(error.pos[0]).line}: not valid YAML: ${error.message}`);
    if (yaml.errors.length === 0 && yaml.contents !== null) documents.push(document(yaml, file, lines));
  }
  return documents;
}

const header: v.GenericSchema<unknown, { apiVersion?: string; kind?: string; metadata?: { name?: string }; name?: string }> =
  v.object({
    apiVersion: v.exactOptional(v.string()),
    kind: v.exactOptional(v.string()),
    metadata: v.exactOptional(v.object({ name: v.exactOptional(v.string()) })),
    // A func.yaml has its name at the top level, and no kind.
    name: v.exactOptional(v.string()),
  });

function document(yaml: YamlDocument.Parsed, file: string, lines: LineCounter): Document {
  const value: unknown = yaml.toJS();
  const read = v.safeParse(header, value);
  const { apiVersion = '', kind = '', metadata, name: functionName } = read.success ? read.output : {};
  const name = metadata?.name ?? '';
  const at = (path: readonly PropertyKey[] = []) => `${file}:${lines.linePos(offsetOf(yaml, path)).line}`;
  const subject = kind ? `${kind} ${name}`.trim() : `function ${functionName ?? ''}`.trim();
  const fault = (path: readonly PropertyKey[], message: string) =>
    `${at(path)}: ${subject}: ${[written(path), message].filter(Boolean).join(': ')}`;
  return { value, apiVersion, kind, name, at, fault };
}

/** Where a field starts: at its key, so that a missing value still points to the right line. */
function offsetOf(yaml: YamlDocument.Parsed, path: readonly PropertyKey[]): number {
  for (let depth = path.length; depth > 0; depth -= 1) {
    const parent: unknown = depth === 1 ? yaml.contents : yaml.getIn(path.slice(0, depth - 1), true);
    const last = path[depth - 1];
    const pair = isMap(parent) && parent.items.find((item) => isPair(item) && isScalar(item.key) && item.key.value === last);
    if (pair && isScalar(pair.key) && pair.key.range) return pair.key.range[0];
    const node: unknown = yaml.getIn(path.slice(0, depth), true);
    if (hasRange(node)) return node.range[0];
  }
  return yaml.contents?.range[0] ?? yaml.range[0];
}

/** spec.traffic[0].tag */
function written(path: readonly PropertyKey[]): string {
  return path
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`))
    .join('')
    .replace(/^\./, '');
}

function hasRange(node: unknown): node is { range: [number, number, number] } {
  return typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range);
}

/** A path as someone in the repository would type it. */
export function displayed(path: string): string {
  const short = relative(process.cwd(), path);
  return short.startsWith('..') ? path : short;
}
