import { explain, Misconfigured } from '@darkroom/shared/errors';
import { createLog } from './log.ts';
import { startRuntime } from './runtime.ts';
import { readSettings } from './settings.ts';
import { onStopSignal } from './signals.ts';

try {
  const log = createLog();
  const runtime = startRuntime(readSettings(), log);
  let stopping = false;
  onStopSignal(() => {
    stopping = true;
    log('runtime', 'stops; work in flight may finish. Ctrl-C again ends it at once.');
    void runtime.stop().then(() => process.exit(0));
  });
  try {
    process.stdout.write(await runtime.started);
  } catch (error) {
    if (!stopping) {
      await runtime.stop();
      throw error;
    }
  }
} catch (error) {
  // What went wrong outside of this program is told in a sentence; a stack trace is for its own mistakes.
  console.error(error instanceof Misconfigured ? error.message : error instanceof Error ? error.stack : explain(error));
  process.exit(1);
}
