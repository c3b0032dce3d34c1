import { replayContract } from './contracts/replay.contract.ts';
import { storeContract } from './contracts/store.contract.ts';
import { MemoryStore } from './memory-store.ts';

storeContract('MemoryStore', async () => {
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

replayContract('the replay of MemoryStore', async () => {
  const store = new MemoryStore();
  const opened = { store, replay: store.replay };
  return { ...opened, reopen: async () => opened, dispose: async () => undefined };
});
