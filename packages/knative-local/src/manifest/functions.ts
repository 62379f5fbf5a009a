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
      if (content) functions.push({ folder: join(folder, projectPath(content)), document, content });
    }
  }
  for (const [index, { document, content }] of functions.entries()) {
    const earlier = functions.slice(0, index).find((each) => each.content.name === content.name);
    if (earlier) faults.push(document.fault(['name'], `${earlier.document.at(['name'])} already has this name; choose another`));
  }
  if (names.length === 0)
    faults.push(`${displayed(functionsFolder)}: there are no functions here. Set ${setting} to their folder.`);
  return functions;
}

function projectPath({ build }: Func['content']): string {
  return build?.buildEnvs?.find(({ name }) => name === 'BP_NODE_PROJECT_PATH')?.value ?? '.';
}
