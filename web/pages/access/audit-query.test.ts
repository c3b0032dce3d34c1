import { describe, expect, it } from 'vitest';
import { accessWords } from '../../words/access.ts';
import { accessSearch } from './access-search.ts';
import { auditFilter } from './audit-query.ts';

const { auditActions: en } = accessWords.en;
const { auditActions: de } = accessWords.de;

describe('the filters of the audit trail', () => {
  it('find a part of a name, and leave out what is for other tabs', () => {
    expect(auditFilter(accessSearch({ tab: 'audit', owner: 'ada', window: '24h', subject: 'ott' }), en)).toEqual({
      subject: 'ott',
      match: 'part',
    });
  });

  it('find only the whole name for a link that asks for it', () => {
    expect(auditFilter(accessSearch({ subject: 'user:ott', match: 'exact' }), en)).toEqual({
      subject: 'user:ott',
      match: 'exact',
    });
    expect(auditFilter(accessSearch({ subject: 'user:ott', match: 'some' }), en).match).toBe('part');
  });

  it.each([
    ['change user', 'changeuser,updateUser'],
    ['Revoke  Key', 'revokekey,deleteKey'],
    ['stop several', 'stopseveral,stopAllInstances'],
    ['import fleet', 'importfleet,applyFleet'],
    ['log in', 'login'],
    ['createTicket', 'createticket'],
    ['import fleet, log in', 'importfleet,applyFleet,login'],
  ])('find by the words of an action: %s', (action, sent) => {
    expect(auditFilter(accessSearch({ action }), en).action).toBe(sent);
  });

  it('find by the words of an action in the language of the page, and by the id in each', () => {
    const sent = (action: string): string[] | undefined => auditFilter(accessSearch({ action }), de).action?.split(',');
    expect(sent('Flotte importieren')).toEqual(['flotteimportieren', 'applyFleet']);
    expect(sent('löschen')).toEqual([
      'löschen',
      'deleteUser',
      'deleteDownload',
      'deleteInstance',
      'deleteAllInstances',
      'deleteModel',
    ]);
    expect(sent('deleteKey')).toEqual(['deletekey']);
    expect(auditFilter(accessSearch({ action: 'deleteKey', match: 'exact' }), de).action).toBe('deleteKey');
  });

  it('never ask for more than the API takes', () => {
    for (const letter of 'abcdefghijklmnopqrstuvwxyzäöü') {
      expect(auditFilter(accessSearch({ action: letter }), de).action?.length).toBeLessThan(1_500);
    }
  });
});
