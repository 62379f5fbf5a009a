/** npm run monitoring: writes dashboards and rules into config/monitoring, for one machine and for a cluster. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { files } from './files.ts';

const folder = resolve(import.meta.dirname, '../../../config/monitoring');
for (const [name, content] of files()) {
  const path = resolve(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}
