import type { Range, Store } from '@darkroom/shared/store';

/** What the tests of a store work with. */
export interface StoreLab {
  /** A new one for each test. */
  readonly store: Store;
  /** A folder for files that are to be stored. */
  readonly folder: string;
  text: (key: string, range?: Range) => Promise<string | undefined>;
  /** The sorted keys. */
  listed: (prefix: string) => Promise<string[]>;
  fileOf: (bytes: Uint8Array | string) => Promise<{ file: string }>;
}
