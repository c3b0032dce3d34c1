import { describe, expect, it } from 'vitest';
import { accessSearch, auditFilter } from './access-search.ts';

describe('the filters of the audit trail', () => {
  it('find a part of a name, and leave out what is for other tabs', () => {
    expect(auditFilter(accessSearch({ tab: 'audit', owner: 'ada', window: '24h', subject: 'ott' }))).toEqual({
      subject: 'ott',
      match: 'part',
    });
  });

  it('find only the whole name for a link that asks for it', () => {
    expect(auditFilter(accessSearch({ subject: 'user:ott', match: 'exact' }))).toEqual({
      subject: 'user:ott',
      match: 'exact',
    });
    expect(auditFilter(accessSearch({ subject: 'user:ott', match: 'some' })).match).toBe('part');
  });
});
