import { readFile } from 'node:fs/promises';
import { createPatch } from 'rfc6902';
import * as v from 'valibot';
import { CannotStart } from '../../errors.ts';
import { displayed, type Document } from '../../manifest/document.ts';
import type { Amended } from '../../manifest/read.ts';
import { writeWhole } from '../../whole-file.ts';
import { canonical, contentOf, type KubeObject, withoutEmpty } from '../model/object.ts';
import { type Decision, documentsOf, type Seed } from './decision.ts';

/** What a client said about one object. It holds until the object's file says something new. */
export interface Change {
  /** The digest of what the files said at that time; null if they said nothing. */
  file: string | null;
  /** Null if it was deleted. */
  decision: Decision | null;
}

/** By object: "Trigger/sepia". */
export type Changes = ReadonlyMap<string, Change>;

const record = v.object({ name: v.string(), generation: v.number(), creationTimestamp: v.string(), template: v.looseObject({}) });
const keptObject = v.looseObject({ apiVersion: v.string(), kind: v.string(), metadata: v.looseObject({ name: v.string() }) });
const stored = v.object({
  changes: v.record(
    v.string(),
    v.object({
      file: v.nullable(v.string()),
      decision: v.nullable(v.object({ object: keptObject, revisions: v.array(record) })),
    }),
  ),
});

/** @throws CannotStart if the file is there but cannot be read */
export async function readChanges(path: string): Promise<Changes> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return new Map();
  try {
    return new Map(Object.entries(v.parse(stored, JSON.parse(text)).changes as Record<string, Change>));
  } catch (cause) {
    throw new CannotStart(
      `${displayed(path)}, which keeps what clients said, cannot be read. Repair it, or remove it to return to the files.`,
      { cause },
    );
  }
}

/** It may hold Secrets, so it is for this user alone. */
export async function writeChanges(path: string, changes: Changes): Promise<void> {
  await writeWhole(path, `${JSON.stringify({ changes: Object.fromEntries(changes) }, null, 1)}\n`);
}

/** Changes that still hold: those whose files say what they said then. */
export function holding(changes: Changes, seeds: ReadonlyMap<string, Seed>): Changes {
  return new Map([...changes].filter(([key, { file }]) => file === (seeds.get(key)?.digest ?? null)));
}

/** The documents that take effect: of the files, but for objects about which a client said something else. */
export function amended(documents: Document[], seeds: ReadonlyMap<string, Seed>, changes: Changes, place?: string): Amended {
  const replaced = new Set([...changes.keys()].flatMap((key) => seeds.get(key)?.documents ?? []));
  const said = [...changes.values()].flatMap(({ decision }) => (decision ? documentsOf(decision, place) : []));
  const removed = [...changes].filter(([key, { decision }]) => decision === null && key.startsWith('Service/'));
  return {
    documents: [...documents.filter((document) => !replaced.has(document)), ...said],
    removed: new Set(removed.map(([key]) => key.slice('Service/'.length))),
  };
}

/** Whether a client brought an object back to what its file says. */
export function isBack({ object: now, revisions }: Decision, seed: Seed | undefined): boolean {
  if (!seed) return false;
  const then = seed.decision;
  return (
    canonical(contentOf(now)) === canonical(contentOf(then.object)) &&
    revisions.map(({ name }) => name).join() === then.revisions.map(({ name }) => name).join()
  );
}

/** "Service hello: spec.traffic by a client differs from config/traffic.yaml:5", one line for each. */
export function describeChanges(changes: Changes, seeds: ReadonlyMap<string, Seed>): string[] {
  return [...changes].flatMap(([key, { decision }]) => {
    const subject = key.replace('/', ' ');
    const seed = seeds.get(key);
    const place = seed?.documents.at(-1)?.at();
    if (!decision) return `${subject}: deleted by a client${place ? `, and still in ${place}` : ''}`;
    if (!seed) return `${subject}: by a client, in no file`;
    const names = differing(decision, seed);
    return names.length === 0 ? [] : `${subject}: ${names.join(' and ')} by a client differs from ${place}`;
  });
}

/** The fields that differ, but for notes that clients make for themselves. */
function differing({ object: now }: Decision, { decision: { object: then } }: Seed): string[] {
  const said = (object: KubeObject) => {
    const { metadata, ...rest } = contentOf(object);
    const annotations = Object.entries(metadata.annotations ?? {}).filter(([name]) => !name.startsWith('kubectl.kubernetes.io/'));
    return withoutEmpty({ ...rest, labels: metadata.labels, annotations: Object.fromEntries(annotations) });
  };
  const paths = createPatch(said(then), said(now)).map(({ path }) => path.split('/').slice(1, 3));
  return [...new Set(paths.map((path) => path.join('.')))];
}
