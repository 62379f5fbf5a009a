import type { Stage } from './stage.ts';
import { isWorker } from '../worker/process.ts';

/** What the bundler wraps every stage in: serves it, or is one of its workers. Each loads only what it needs. */
export async function run(stage: Stage): Promise<void> {
  if (isWorker) return stage.init();
  const { serve } = await import('./serve.ts');
  return serve(stage);
}
