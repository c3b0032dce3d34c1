import type { AuditRow, Key, User } from '@llamactl/contract/auth';
import type { Frame } from '@llamactl/contract/events';
import type { Health } from '@llamactl/contract/health';
import type { CreateInstance, Instance, InstanceSummary, UpdateInstance } from '@llamactl/contract/instance';
import type { LogItem, Logs } from '@llamactl/contract/logs';
import { describe, expectTypeOf, it } from 'vitest';
import type * as models from './models.ts';

/** That the types of the client are those of the contract; what may be absent may be given as `undefined` to both. */

describe('what the server answers', () => {
  it('is of the type that the client says', () => {
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

describe('what the client lets send', () => {
  it('is of the type that the server takes', () => {
    expectTypeOf<Required<models.CreateInstance>>().toExtend<Required<CreateInstance>>();
    expectTypeOf<Required<models.UpdateInstance>>().toExtend<Required<UpdateInstance>>();
    expectTypeOf<{ name: string }>().toExtend<models.CreateInstance>();
    expectTypeOf<{ name: string; optoins: string }>().not.toEqualTypeOf<models.CreateInstance>();
  });
});
