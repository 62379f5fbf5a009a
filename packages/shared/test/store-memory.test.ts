import { testStore } from './store-suite.ts';
import { memoryStore } from './support/memory-store.ts';

testStore('the store in memory that these tests use', async () =>
  Promise.resolve({ store: memoryStore(), close: async () => {} }),
);
