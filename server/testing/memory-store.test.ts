import { replayContract } from './contracts/replay.contract.ts';
import { storeContract } from './contracts/store.contract.ts';
import { MemoryStore } from './memory-store.ts';

storeContract('the store in memory', async () => {
  const store = new MemoryStore();
  return {
    store,
    reopen: async () => store,
    setFull: (isFull) => {
      store.failure = isFull ? new Error('The disk is full.') : null;
    },
    dispose: async () => undefined,
  };
});

replayContract('the replay in memory', async () => {
  const store = new MemoryStore();
  const life = { store, replay: store.replay };
  return { ...life, reopen: async () => life, dispose: async () => undefined };
});
