import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe } from 'vitest';
import { entriesOf, type Store } from '@darkroom/shared/store';
import type { StoreLab } from './store-lab.ts';
import { testContents } from './store-suite-contents.ts';
import { testKeys } from './store-suite-keys.ts';
import { testRaces } from './store-suite-races.ts';

export interface OpenedStore {
  /** An empty one. */
  store: Store;
  close(): Promise<void>;
}

/** What every store promises and its callers rely on. */
export function testStore(name: string, open: () => Promise<OpenedStore>) {
  describe(name, () => {
    let opened: OpenedStore;
    let folder: string;
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'contents-'));
    });
    afterAll(() => rm(folder, { recursive: true, force: true }));
    beforeEach(async () => {
      opened = await open();
    });
    afterEach(() => opened.close());

    const lab: StoreLab = {
      get store() {
        return opened.store;
      },
      get folder() {
        return folder;
      },
      async text(key, range) {
        const stream = await opened.store.read(key, range);
        if (!stream) return undefined;
        const chunks: Buffer[] = [];
        for await (const chunk of stream) chunks.push(chunk as Buffer);
        return Buffer.concat(chunks).toString();
      },
      listed: async (prefix) => [...(await entriesOf(opened.store, prefix)).keys()].sort(),
      async fileOf(bytes) {
        const file = join(folder, `${Math.random()}`);
        await writeFile(file, bytes);
        return { file };
      },
    };

    testContents(lab);
    testRaces(lab);
    testKeys(lab);
  });
}
