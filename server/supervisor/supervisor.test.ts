import { describe } from 'vitest';
import { supervisorContract } from '../testing/contracts/supervisor.contract.ts';
import { RealBench } from '../testing/real-bench.ts';

describe('the contract of a supervisor, with real processes', () => {
  supervisorContract(async () => new RealBench());
});
