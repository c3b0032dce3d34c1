import type { ConfigView } from '@llamactl/client';
import { describe, expect, it } from 'vitest';
import openApi from '../../../openapi.json' with { type: 'json' };
import {
  flawOfGroupName,
  groupNames,
  groupsWith,
  LONGEST_NAME,
  newGroups,
  withGroup,
  withoutGroup,
} from './group-settings.ts';
import { settingsOf, type Drafts } from './setting-fields.ts';

const VIEW = {
  config: { server: { port: 1 }, groups: { big: { max_running: 1 }, home: {} } },
  sources: {
    'server.port': { from: 'default' },
    'groups.big.max_running': { from: 'file', line: 2 },
    'groups.home': { from: 'file', line: 3 },
  },
  rules: {},
  pending: [],
} as unknown as ConfigView;
const SETTINGS = settingsOf({ view: VIEW, api: openApi, notes: {} });

describe('the name of a new group', () => {
  it.each([
    ['', 'empty'],
    ['x'.repeat(64), 'long'],
    ['a.b', 'dot'],
    ['a b', 'space'],
    ['big', 'taken'],
    ['Big', null],
    ['x'.repeat(63), null],
  ])('%j: %j', (name, flaw) => {
    expect(flawOfGroupName(name, groupNames(SETTINGS))).toBe(flaw);
  });

  it('is as long as instances may name it', () => {
    const { minLength, maxLength } = openApi.components.schemas.CreateInstance.properties.group;
    expect([minLength, maxLength]).toEqual([1, LONGEST_NAME]);
  });
});

describe('the drafts of groups', () => {
  const none: Drafts = new Map();
  const added = withGroup(new Map([['server.port', '2']]), 'code', new Map([['max_running', '3']]));

  it('have a new group and its fields', () => {
    expect([...added]).toEqual([
      ['server.port', '2'],
      ['groups.code', '{}'],
      ['groups.code.max_running', '3'],
    ]);
    expect(newGroups(added)).toEqual(['code']);
    expect(newGroups(new Map([['presets', '{}']]))).toEqual([]);
  });

  it('lose a new group that is removed, with its fields', () => {
    expect([...withoutGroup(added, 'code', false)]).toEqual([['server.port', '2']]);
  });

  it('remove a saved group instead of changing its fields', () => {
    const changed = new Map([...none, ['groups.big.pinned', 'true'], ['groups.bigger.pinned', 'true']]);
    const drafts = withoutGroup(changed, 'big', true);
    expect([...drafts]).toEqual([
      ['groups.bigger.pinned', 'true'],
      ['groups.big', null],
    ]);
    expect(newGroups(drafts)).toEqual([]);
  });
});

describe('a search in groups', () => {
  const found = (search: string): string[] => groupNames(groupsWith(SETTINGS, search));

  it('shows a group as a whole, if it finds one of its fields', () => {
    expect(found('big.pinned')).toEqual(['big']);
    expect(groupsWith(SETTINGS, 'big.pinned').map(({ key }) => key)).toEqual([
      'groups',
      'groups.big',
      'groups.big.max_running',
      'groups.big.exclusive',
      'groups.big.pinned',
    ]);
    expect(found('home')).toEqual(['home']);
  });

  it('shows all groups for their section, and none for another one', () => {
    expect(found('')).toEqual(['big', 'home']);
    expect(found('share a limit')).toEqual(['big', 'home']);
    expect(groupsWith(SETTINGS, 'server')).toEqual([]);
  });
});
