/**
 * npm start [-- --scale-out]
 *
 * --scale-out  revisions have as many processes as their requests need (default: at most one; in both cases, none after an idle minute)
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
function readOptions(): { scaleOut: boolean } {
  try {
    const off = { type: 'boolean' as const, default: false };
    // That was its name as long as nothing else scaled to zero.
    const { values } = parseArgs({ options: { 'scale-out': off, 'scale-to-zero': off } });
    return { scaleOut: values['scale-out'] || values['scale-to-zero'] };
  } catch (cause) {
    throw new CannotStart(`${explain(cause)}\nUsage: npm start [-- --scale-out]. All else is set in the environment.`, {
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
