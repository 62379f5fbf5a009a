/**
 * npm start [-- --scale-to-zero]
 *
 * --scale-to-zero  revisions have as many processes as their requests need, also none (default: one each)
 */
import { parseArgs } from 'node:util';
import { Misconfigured } from '@darkroom/shared/errors';
import { giveBackWhenIdle } from '@darkroom/shared/give-back';
import { CannotStart, explain } from 'knative-local/errors';
import { createLog } from 'knative-local/log';
import { runProgram } from 'knative-local/program';
import { readSettings } from './settings.ts';
import { startLab } from './start.ts';

/** @throws CannotStart with the usage */
function readOptions(): { scaleToZero: boolean } {
  try {
    const { values } = parseArgs({ options: { 'scale-to-zero': { type: 'boolean', default: false } } });
    return { scaleToZero: values['scale-to-zero'] };
  } catch (cause) {
    throw new CannotStart(`${explain(cause)}\nUsage: npm start [-- --scale-to-zero]. All else is set in the environment.`, {
      cause,
    });
  }
}

giveBackWhenIdle();
const log = createLog();
await runProgram(
  () => startLab({ ...readSettings(), ...readOptions() }, log),
  log,
  (error) => error instanceof CannotStart || error instanceof Misconfigured,
);
