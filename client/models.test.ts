import type { AuditRow, Key, User } from '@llamactl/contract/auth';
import type { Frame } from '@llamactl/contract/events';
import type { Health } from '@llamactl/contract/health';
import type { CreateInstance, Instance, InstanceSummary, UpdateInstance } from '@llamactl/contract/instance';
import type { LogItem, Logs } from '@llamactl/contract/logs';
import { describe, expectTypeOf, it } from 'vitest';
import type * as models from './models.ts';

/** Compares the types of the client with those of the contract. Optional fields may be `undefined` in both. */

describe('types of answers', () => {
  it('are equal in client and contract', () => {
    expectTypeOf<Instance>().toExtend<models.Instance>();
    expectTypeOf<InstanceSummary>().toExtend<models.InstanceSummary>();
    expectTypeOf<Health>().toExtend<models.Health>();
    expectTypeOf<Logs>().toExtend<models.Logs>();
    expectTypeOf<LogItem>().toExtend<models.LogItem>();
    expectTypeOf<Frame>().toExtend<models.Frame>();
    expectTypeOf<User>().toExtend<models.User>();
    expectTypeOf<Key>().toExtend<models.Key>();
    expectTypeOf<AuditRow>().toExtend<models.AuditRow>();
    expectTypeOf<models.Instance>().toExtend<models.InstanceSummary>();
  });
});

describe('types of requests', () => {
  it('are equal in client and contract', () => {
    expectTypeOf<Required<models.CreateInstance>>().toExtend<Required<CreateInstance>>();
    expectTypeOf<Required<models.UpdateInstance>>().toExtend<Required<UpdateInstance>>();
    expectTypeOf<{ name: string }>().toExtend<models.CreateInstance>();
    expectTypeOf<{ name: string; optoins: string }>().not.toEqualTypeOf<models.CreateInstance>();
  });
});
