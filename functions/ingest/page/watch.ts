import type { JobStatus } from '../src/api/job-status.ts';
import { detailOf, unreachable } from './problem.ts';

/** Milliseconds between two questions: often at first, then less so. */
const [shortest, longest] = [500, 3000];
/** Milliseconds after which a stream that was alive counts as cut off. */
const silence = 25_000;

interface Viewer {
  /** @returns whether there is nothing more to come */
  show(job: JobStatus): boolean;
  gone(reason: string): void;
  complain(text: string): void;
}

export interface Watching {
  /** Asks now. */
  look(): void;
  stop(): void;
}

/** Follows a job by its stream of events, and asks for its status as long as none arrive: a proxy may swallow them. */
export function watch(path: string, { show, gone, complain }: Viewer): Watching {
  const stream = new EventSource(`${path}/events`);
  let pause = shortest;
  let timer = 0;
  let over = false;
  stream.addEventListener('status', ({ data }) => {
    heard();
    if (show(JSON.parse(data as string) as JobStatus)) stop();
  });
  stream.addEventListener('alive', heard);
  // Why, the status itself says.
  stream.addEventListener('gone', () => void ask());
  stream.addEventListener('error', () => lookIn(pause));
  // The stream is usually there first; then this question is never asked.
  lookIn(pause);

  async function ask() {
    clearTimeout(timer);
    try {
      const response = await fetch(path, { headers: { accept: 'application/json' } });
      if (over) return;
      if (response.status === 404) {
        stop();
        return gone(await detailOf(response));
      }
      if (!response.ok) throw new Error(await detailOf(response));
      if (show((await response.json()) as JobStatus)) return stop();
    } catch (error) {
      if (over) return;
      complain(error instanceof TypeError ? unreachable : (error as Error).message);
    }
    lookIn(pause);
    pause = Math.min(longest, pause * 1.25);
  }

  function heard() {
    complain('');
    pause = shortest;
    lookIn(silence);
  }

  function lookIn(ms: number) {
    clearTimeout(timer);
    if (!over) timer = setTimeout(() => void ask(), ms);
  }

  function stop() {
    over = true;
    clearTimeout(timer);
    stream.close();
  }

  return { look: () => void ask(), stop };
}
