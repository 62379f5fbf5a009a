import type { Store } from '@darkroom/shared/store';

/** The store or the spool cannot be written or read right now: no photo is at fault, and it may work later. */
export class StorageFailed extends Error {
  override readonly name = 'StorageFailed';
  readonly status: 503 | 507;
  /** Seconds. Freeing a disk takes longer than bringing back a store. */
  readonly retryAfter: number;

  constructor(cause: unknown) {
    const status = isFull(cause) ? 507 : 503;
    super(
      status === 507
        ? 'There is no space left for photos at the moment. Nothing was kept; try again later, or send fewer photos.'
        : 'The photos cannot be reached at the moment. Try again in a few seconds.',
      { cause },
    );
    this.status = status;
    this.retryAfter = status === 507 ? 60 : 5;
  }
}

function isFull(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return ['ENOSPC', 'EDQUOT'].includes(String((error as NodeJS.ErrnoException).code)) || isFull(error.cause);
}

/** A store whose faults have a class of their own. */
export function guarded(store: Store): Store {
  const guard = <Result>(work: Promise<Result>) =>
    work.catch((cause: unknown) => {
      throw new StorageFailed(cause);
    });
  return {
    stat: (key) => guard(store.stat(key)),
    read: (key, range) => guard(store.read(key, range)),
    write: (key, content, needs) => guard(store.write(key, content, needs)),
    writeOnce: (key, content, needs) => guard(store.writeOnce(key, content, needs)),
    remove: (key) => guard(store.remove(key)),
    ...(store.presign && { presign: (key, download) => guard(store.presign!(key, download)) }),
    async *list(prefix) {
      try {
        yield* store.list(prefix);
      } catch (cause) {
        throw new StorageFailed(cause);
      }
    },
  };
}
