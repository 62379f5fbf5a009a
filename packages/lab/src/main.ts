import { Misconfigured } from '@darkroom/shared/errors';
import { CannotStart } from 'knative-local/errors';
import { createLog } from 'knative-local/log';
import { runProgram } from 'knative-local/program';
import { readSettings } from './settings.ts';
import { startLab } from './start.ts';

const log = createLog();
await runProgram(
  () => startLab(readSettings(), log),
  log,
  (error) => error instanceof CannotStart || error instanceof Misconfigured,
);
