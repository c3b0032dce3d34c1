import { describe, expect, it } from 'vitest';
import { accessWords } from '../../words/access.ts';
import { accessSearch, type AccessSearch } from './access-search.ts';
import type { ActionWords } from './action-text.ts';
import { auditFilter, hasAuditFilter } from './audit-query.ts';

const { auditActions: en } = accessWords.en;
const { auditActions: de } = accessWords.de;

const NOW = new Date(2026, 2, 31, 14, 5).getTime();
const filterOf = (search: AccessSearch, actions: ActionWords) => auditFilter(search, actions, NOW);

describe('the filters of the audit trail', () => {
  it('find a part of a name, and leave out what is for other tabs', () => {
    expect(filterOf(accessSearch({ tab: 'audit', owner: 'ada', window: '24h', subject: 'ott' }), en)).toEqual({
      subject: 'ott',
      match: 'part',
    });
  });

  it('find only the whole name for a link that asks for it', () => {
    expect(filterOf(accessSearch({ subject: 'user:ott', match: 'exact' }), en)).toEqual({
      subject: 'user:ott',
      match: 'exact',
    });
    expect(filterOf(accessSearch({ subject: 'user:ott', match: 'some' }), en).match).toBe('part');
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
    expect(filterOf(accessSearch({ action }), en).action).toBe(sent);
  });

  it('find by the words of an action in the language of the page, and by the id in each', () => {
    const sent = (action: string): string[] | undefined => filterOf(accessSearch({ action }), de).action?.split(',');
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
    expect(filterOf(accessSearch({ action: 'deleteKey', match: 'exact' }), de).action).toBe('deleteKey');
  });

  it('never ask for more than the API takes', () => {
    for (const letter of 'abcdefghijklmnopqrstuvwxyzäöü') {
      expect(filterOf(accessSearch({ action: letter }), de).action?.length).toBeLessThan(1_500);
    }
  });

  it.each([
    ['today', new Date(2026, 2, 31)],
    ['7d', new Date(2026, 2, 24)],
    ['30d', new Date(2026, 2, 1)],
  ])('begin at a midnight of the reader for the period %s', (period, begin) => {
    const { since, until } = filterOf(accessSearch({ period }), en);
    expect([since, until]).toEqual([begin.toISOString(), undefined]);
  });

  it('have all of the time without a period, and for an unknown one', () => {
    expect(filterOf(accessSearch({}), en).since).toBe(undefined);
    expect(accessSearch({ period: 'century' }).period).toBe(undefined);
  });

  it('prefer their own begin and end to a period', () => {
    const until = '2026-03-20T12:00:00.000Z';
    const search = accessSearch({ period: '7d', until });
    expect(search.period).toBe(undefined);
    expect(filterOf(search, en)).toMatchObject({ since: undefined, until });
  });

  it('are set if any of them is, whatever other tabs ask for', () => {
    expect(hasAuditFilter(accessSearch({ tab: 'audit', owner: 'ada', by: 'user' }))).toBe(false);
    for (const search of [{ target: 'a' }, { period: '7d' }, { status: '4xx' }]) {
      expect(hasAuditFilter(accessSearch(search))).toBe(true);
    }
  });
});
