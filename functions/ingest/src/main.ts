import { explain } from '@darkroom/shared/errors';
import { isWorker } from '@darkroom/shared/worker/process';
import { readSettings } from './settings.ts';
import { judgePhotos, openJudge } from './upload/judge.ts';

// Two programs in one: each loads what it needs, and nothing else.
try {
  const settings = readSettings();
  if (isWorker) await judgePhotos(settings);
  else {
    // It starts while the rest is loaded.
    const judge = openJudge();
    await (await import('./serve.ts')).serve(settings, judge);
  }
} catch (error) {
  const taken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
  console.error(taken ? `Port ${process.env['PORT'] || 8080} is taken. Set PORT to a free one and start again.` : explain(error));
  process.exit(1);
}
