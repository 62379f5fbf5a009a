import { explain, Misconfigured } from '@darkroom/shared/errors';
import { createLog } from 'knative-local/log';
import { CannotStart } from 'knative-local/errors';
import { readSettings } from './settings.ts';
import { onStopSignal } from 'knative-local/signals';
import { startLab } from './start.ts';

try {
  const log = createLog();
  const lab = startLab(readSettings(), log);
  let stopping = false;
  onStopSignal(() => {
    stopping = true;
    log('runtime', 'stops; work in flight may finish. Ctrl-C again ends it at once.');
    void lab.stop().then(() => process.exit(0));
  });
  try {
    process.stdout.write(await lab.started);
  } catch (error) {
    if (!stopping) {
      await lab.stop();
      throw error;
    }
  }
} catch (error) {
  // What went wrong outside of this program is told in a sentence; a stack trace is for its own mistakes.
  console.error(isExpected(error) ? error.message : error instanceof Error ? error.stack : explain(error));
  process.exit(1);
}

function isExpected(error: unknown): error is Error {
  return error instanceof Misconfigured || error instanceof CannotStart;
}
