import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type * as v from 'valibot';
import { check } from './check.ts';
import { displayed, type Document, type Faults, readDocuments } from './document.ts';
import { func } from './func-schema.ts';

export interface Func {
  /** Where its package.json is: at BP_NODE_PROJECT_PATH, as for the Node.js buildpack, or else next to func.yaml. */
  folder: string;
  /** The name of the folder of its func.yaml. */
  home: string;
  document: Document;
  content: v.InferOutput<typeof func>;
}

/** Every folder with a func.yaml. `setting` is the setting that the operator can change. */
export async function readFunctions(functionsFolder: string, setting: string, faults: Faults): Promise<Func[]> {
  const names = existsSync(functionsFolder) ? (await readdir(functionsFolder)).sort() : [];
  const functions: Func[] = [];
  for (const name of names) {
    const folder = join(functionsFolder, name);
    const path = join(folder, 'func.yaml');
    if (!existsSync(path)) continue;
    for (const document of await readDocuments(path, faults)) {
      const content = check(func, document, faults);
      if (content) functions.push({ folder: join(folder, projectPath(content)), home: name, document, content });
    }
  }
  // Of those with the same name, a copy is the one whose folder is called otherwise.
  const owners = new Map<string, Func>();
  const isCopy = ({ home, content }: Func) => Number(home !== content.name);
  for (const each of functions.toSorted((one, other) => isCopy(one) - isCopy(other))) {
    const { content, document } = each;
    const owner = owners.get(content.name);
    if (owner) faults.push(document.fault(['name'], `${owner.document.at(['name'])} already has this name; choose another`));
    else owners.set(content.name, each);
  }
  if (names.length === 0)
    faults.push(`${displayed(functionsFolder)}: there are no functions here. Set ${setting} to their folder.`);
  return functions;
}

function projectPath({ build }: Func['content']): string {
  return build?.buildEnvs?.find(({ name }) => name === 'BP_NODE_PROJECT_PATH')?.value ?? '.';
}
