import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { Busy } from './busy.ts';
import type { Settings } from '../settings.ts';

/** What one client may send per minute. Each process keeps its own count: several pods allow several times as much. */
export interface Allowance {
  /** Counts a post. @throws Busy if this minute's posts or bytes are used up */
  begin(client: string | undefined): Promise<void>;
  /** Counts the bytes of a finished post. A post under way is never stopped because of them. */
  spend(client: string | undefined, bytes: number): Promise<void>;
}

const minute = 60;

export function openAllowance({ CLIENT_POSTS, CLIENT_BYTES }: Pick<Settings, 'CLIENT_POSTS' | 'CLIENT_BYTES'>): Allowance {
  const posts = new RateLimiterMemory({ points: CLIENT_POSTS, duration: minute });
  const bytes = new RateLimiterMemory({ points: CLIENT_BYTES, duration: minute });

  return {
    async begin(client) {
      if (client === undefined) return;
      const spent = await bytes.get(client);
      if (spent && spent.consumedPoints >= CLIENT_BYTES) throw usedUp(spent);
      if (CLIENT_POSTS === 0) return;
      try {
        await posts.consume(client);
      } catch (error) {
        throw error instanceof RateLimiterRes ? usedUp(error) : error;
      }
    },
    async spend(client, count) {
      if (client !== undefined && CLIENT_BYTES > 0 && count > 0) await bytes.penalty(client, count);
    },
  };
}

function usedUp({ msBeforeNext }: RateLimiterRes): Busy {
  const seconds = Math.max(1, Math.ceil(msBeforeNext / 1000));
  return new Busy(429, `You have sent as much as one sender may send in a minute. Try again in ${seconds} s.`, seconds);
}
