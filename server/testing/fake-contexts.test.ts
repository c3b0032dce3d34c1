import { PLAN } from './instance-states.ts';
import { contextsContract } from './contracts/contexts.contract.ts';
import { FakeContexts } from './fake-contexts.ts';
import { SLOT_TARGET } from './slot-engine.ts';

contextsContract('FakeContexts', async () => ({
  contexts: new FakeContexts(),
  plan: PLAN,
  target: SLOT_TARGET,
  later: 1_000,
  settled: async () => undefined,
  dispose: async () => undefined,
}));
