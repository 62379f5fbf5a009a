import type { Clock } from '@darkroom/shared/clock';
import { explain } from '@darkroom/shared/errors';
import { keys } from '@darkroom/shared/job/keys';
import { log } from '@darkroom/shared/log';
import type { Store } from '@darkroom/shared/store';
import { workingOn } from '@darkroom/shared/trace/current';
import type { Deliver } from './webhook.ts';

/** Webhooks under way at a time: they mostly wait for their targets. */
const underWay = 16;
/** Milliseconds. What is left after this time waits for the next ping: each must be answered before its delivery is given up. */
const longest = 50_000;

/** Looks at every webhook that is due: its event was lost, or a pause is over. A fault in one is logged, and the others continue. */
export async function look(store: Store, clock: Clock, deliver: Deliver): Promise<void> {
  const due: string[] = [];
  for await (const { key } of store.list(keys.allDue)) due.push(key.slice(keys.allDue.length));
  const over = new AbortController();
  const ended = new AbortController();
  clock.sleep(longest, ended.signal).then(
    () => over.abort(),
    () => undefined,
  );
  async function takeTurns() {
    for (let job = takeAny(due); job !== undefined && !over.signal.aborted; job = takeAny(due)) {
      const id = job;
      await workingOn({ job: id }, () => deliver(id)).catch((error: unknown) =>
        log('could not deliver the webhook', { job: id, error: explain(error) }),
      );
    }
  }
  await Promise.all(Array.from({ length: underWay }, takeTurns));
  ended.abort();
}

/** Any of them: where there are too many for one ping, none must always be last. */
function takeAny(due: string[]): string | undefined {
  const index = Math.floor(Math.random() * due.length);
  const [last, chosen] = [due.at(-1), due[index]];
  if (last !== undefined) due[index] = last;
  due.pop();
  return chosen;
}
