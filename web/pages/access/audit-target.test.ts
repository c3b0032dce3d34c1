import { describe, expect, it } from 'vitest';
import { accessWords } from '../../words/access.ts';
import { auditTarget } from './audit-target.ts';

const { auditBatches } = accessWords.en;
const NO_KEYS = new Map<string, string>();
const change = (path: string) => ({ path, before: 1, after: 2 });

describe('the target of a row of the audit trail', () => {
  it('is an instance or a user as the row names it', () => {
    expect(auditTarget({ action: 'startInstance', target: 'chat' }, NO_KEYS, auditBatches)).toEqual({
      name: 'chat',
      id: null,
    });
  });

  it('is a key by its name, also in a row of an earlier version', () => {
    const key = { name: 'ci', id: 'b320cba27c2b' };
    expect(auditTarget({ action: 'deleteKey', target: 'b320cba27c2b (ci)' }, NO_KEYS, auditBatches)).toEqual(key);
    expect(auditTarget({ action: 'deleteKey', target: key.id }, new Map([[key.id, 'ci']]), auditBatches)).toEqual(key);
    expect(auditTarget({ action: 'deleteKey', target: key.id }, NO_KEYS, auditBatches)).toEqual({
      name: key.id,
      id: null,
    });
  });

  it('is an ended request by its instance and its caller', () => {
    const ofKey = { action: 'cancelRequest', target: 'd5f0~2 (chat, key:b320cba27c2b (ci, nightly))' };
    expect(auditTarget(ofKey, NO_KEYS, auditBatches)).toEqual({ name: 'chat · key:ci, nightly', id: 'd5f0~2' });
    const ofUser = { action: 'cancelRequest', target: 'd5f0 (chat, user:ann)' };
    expect(auditTarget(ofUser, NO_KEYS, auditBatches)).toEqual({ name: 'chat · user:ann', id: 'd5f0' });
    expect(auditTarget({ action: 'cancelRequest', target: 'd5f0' }, NO_KEYS, auditBatches)).toEqual({
      name: 'd5f0',
      id: null,
    });
  });

  it('is the instances of a command for several, with the number of those that took it', () => {
    const started = { action: 'startAllInstances', target: 'a, b, c (0 of 3)' };
    expect(auditTarget(started, NO_KEYS, auditBatches)).toEqual({ name: 'a, b, c', id: '0 of 3 started' });
  });

  it('is the sections of a change of the configuration', () => {
    const changes = [change('instances.idle_timeout'), change('instances.max_running'), change('server.port')];
    const found = auditTarget({ action: 'updateConfig', target: null, changes }, NO_KEYS, auditBatches);
    expect(found).toEqual({ name: 'instances, server', id: null });
    expect(auditTarget({ action: 'updateConfig', target: null }, NO_KEYS, auditBatches)).toBeNull();
  });
});
