/** npm run rollout:job: bundles packages/rollout into config/rollout/rollout.mjs, which a ConfigMap carries to the cluster. */
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { rolldown } from 'rolldown';

const repository = resolve(import.meta.dirname, '..');
const file = resolve(repository, 'config/rollout/rollout.mjs');
/** What a ConfigMap can hold. */
const most = 1024 * 1024;

const bundle = await rolldown({ input: resolve(repository, 'packages/rollout/src/main.ts'), platform: 'node' });
await bundle.write({ file, format: 'esm', codeSplitting: false, minify: true });
await bundle.close();
const { size } = await stat(file);
if (size > most) throw new Error(`${file} has ${size} bytes, and a ConfigMap can hold ${most}.`);
console.log(`config/rollout/rollout.mjs is written. To start: kubectl apply -k config/rollout`);
