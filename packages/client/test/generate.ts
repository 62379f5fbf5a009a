import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import openapiTS, { astToString } from 'openapi-typescript';
import ts from 'typescript';
import { openApi } from '../../../functions/ingest/src/api/openapi.ts';
import { readSettings } from '../../../functions/ingest/src/settings.ts';

export const target = join(import.meta.dirname, '../src/schema.ts');

/** The types of the interface, from its description, for filters that have nothing to choose. */
export async function generate(): Promise<string> {
  const settings = readSettings({
    STORE_URL: 'file:/store',
    K_SINK: 'http://broker',
    FILTERS: 'grayscale,sepia',
    ARCHIVE: 'true',
  });
  const blob = ts.factory.createTypeReferenceNode('Blob');
  const nodes = await openapiTS(JSON.stringify(openApi(settings, '')), {
    transform: ({ format }) => (format === 'binary' ? blob : undefined),
  });
  return `// Made by npm run client from what ingest serves at /openapi.json; not to be edited.\n${astToString(nodes)}`;
}

if (import.meta.main) await writeFile(target, await generate());
