/**
 * The runtime with a saboteur in it: each delivery of the broker goes through CHAOS_PROXY, and the store of every function fails at
 * times (faulty-files.ts). Nothing else differs from `npm start`.
 */
import { Misconfigured } from '@darkroom/shared/errors';
import { createLog } from 'knative-local/log';
import { runProgram } from 'knative-local/program';
import { readSettings } from '../../src/settings.ts';
import { type Interference, startLab } from '../../src/start.ts';

const { CHAOS_PROXY, CHAOS_SWITCH, CHAOS_STORE_FAULTS = '0' } = process.env;
if (!CHAOS_PROXY || !CHAOS_SWITCH)
  throw new Misconfigured('CHAOS_PROXY and CHAOS_SWITCH are missing. Start this by npm run chaos.');

const faultyFiles = new URL('faulty-files.ts', import.meta.url).href;
const log = createLog();
const interference: Interference = {
  intercept: (subscriber) => ({
    ...subscriber,
    async turn(signal) {
      const { origin, release } = await subscriber.turn(signal);
      return { origin: `${CHAOS_PROXY}/${subscriber.name}/${encodeURIComponent(origin)}`, release };
    },
  }),
  environment: { NODE_OPTIONS: `--import ${faultyFiles}`, CHAOS_SWITCH, CHAOS_STORE_FAULTS },
};
await runProgram(() => startLab(readSettings(), log, interference), log);
