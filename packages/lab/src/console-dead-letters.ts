import type { Store } from '@darkroom/shared/store';
import type { DeadLetters } from 'knative-local/console/dead-letters';
import { keptDeadLetters } from './kept-dead-letters.ts';

/** The console shows so many; the others come up once these are gone. */
const most = 500;

/** The dead letters that sweep keeps, for the console. */
export function consoleDeadLetters(openStore: () => Store): DeadLetters {
  let kept: ReturnType<typeof keptDeadLetters> | undefined;
  const opened = () => (kept ??= keptDeadLetters(openStore()));
  return {
    async list() {
      const list = [];
      for await (const { name, deadLetter } of opened().all()) {
        const { event, stage, code, reason, at } = deadLetter;
        const why = [code, reason].filter(Boolean).join(' ') || 'Neither a status nor a reason is known.';
        const job = event['job'];
        const view = { name, type: event['type'] ?? '', subscriber: stage, reason: why, at: Date.parse(at) || 0 };
        list.push({ ...view, ...(job !== undefined && { correlation: job }) });
        if (list.length >= most) break;
      }
      return list;
    },
    replay: (name, publish) =>
      opened().replay(name, async (event) => {
        const attributes = new Map(Object.entries({ specversion: '1.0', ...event, datacontenttype: 'application/json' }));
        publish('default', { attributes, data: Buffer.from(JSON.stringify(event)) });
      }),
  };
}
