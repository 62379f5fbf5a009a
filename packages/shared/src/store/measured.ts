import { metrics } from '../metrics/metrics.ts';
import type { Store } from './store.ts';

/** A store whose calls are counted and timed. Reading ends with the first byte, a listing with its last entry. */
export function measured(store: Store): Store {
  async function time<Result>(call: keyof Store, work: () => Promise<Result>): Promise<Result> {
    const begun = performance.now();
    const end = (outcome: 'ok' | 'failed') => metrics.storeSeconds.observe({ call, outcome }, (performance.now() - begun) / 1000);
    try {
      const result = await work();
      end('ok');
      return result;
    } catch (error) {
      end('failed');
      throw error;
    }
  }

  return {
    stat: (...given) => time('stat', () => store.stat(...given)),
    read: (...given) => time('read', () => store.read(...given)),
    ...(store.bytes && { bytes: (key) => time('read', () => store.bytes!(key)) }),
    ...(store.chunks && { chunks: (key) => time('read', () => store.chunks!(key)) }),
    write: (...given) => time('write', () => store.write(...given)),
    writeOnce: (...given) => time('writeOnce', () => store.writeOnce(...given)),
    remove: (...given) => time('remove', () => store.remove(...given)),
    ...(store.presign && { presign: (key, download) => time('presign', () => store.presign!(key, download)) }),
    async *list(prefix) {
      const entries = store.list(prefix)[Symbol.asyncIterator]();
      let seconds = 0;
      const record = (outcome: 'ok' | 'failed') => metrics.storeSeconds.observe({ call: 'list', outcome }, seconds);
      try {
        for (;;) {
          const begun = performance.now();
          const { done, value } = await entries.next().finally(() => (seconds += (performance.now() - begun) / 1000));
          if (done) break;
          yield value;
        }
        record('ok');
      } catch (error) {
        record('failed');
        throw error;
      } finally {
        await entries.return?.();
      }
    },
  };
}
