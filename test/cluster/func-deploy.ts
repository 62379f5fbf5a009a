/** Does what `kn func deploy` would in the function folder that is named, for a walk on a cluster without a container engine. */
import { basename } from 'node:path';
import { openCluster } from './cluster.ts';
import { readSettings } from './settings.ts';

const folder = process.argv[2]!;
const name = basename(folder);
const cluster = await openCluster('darkroom', readSettings([]));
await cluster.redeploy(name, folder);
console.log(`Function deployed in namespace "darkroom" and exposed at URL:\n   ${await cluster.addressOf(name)}`);
