import { describe, expect, it } from 'vitest';
import { recordedChange, settingChanges } from './setting-changes.ts';

describe('settingChanges', () => {
  it('has a short name and the values that are known', () => {
    const changed = ['options.ctx_size', 'environment.HF_TOKEN', 'options', 'pinned', 'preset'];
    const values = [
      { setting: 'options.ctx_size', from: 4_096, to: 8_192 },
      { setting: 'pinned', from: null, to: true },
      { setting: 'preset', from: 'code', to: '' },
    ];
    expect(settingChanges({ changed, values }, 'default')).toEqual([
      { setting: 'options.ctx_size', name: 'ctx_size', values: { from: '4096', to: '8192' } },
      { setting: 'environment.HF_TOKEN', name: 'environment.HF_TOKEN', values: null },
      { setting: 'options', name: 'options', values: null },
      { setting: 'pinned', name: 'pinned', values: { from: 'default', to: 'true' } },
      { setting: 'preset', name: 'preset', values: { from: 'code', to: '""' } },
    ]);
  });

  it('is empty for an event without settings, and has only names for one of an older server', () => {
    expect(settingChanges({}, 'default')).toEqual([]);
    expect(settingChanges({ changed: ['port'] }, 'default')).toEqual([{ setting: 'port', name: 'port', values: null }]);
  });
});

describe('recordedChange', () => {
  it.each<[unknown, unknown, { from: string; to: string } | null]>([
    [4_096, 8_192, { from: '4096', to: '8192' }],
    [null, true, { from: 'unset', to: 'true' }],
    ['a b', '', { from: 'a b', to: '""' }],
    [['a'], { b: 1 }, { from: '["a"]', to: '{"b":1}' }],
    [null, '***', { from: 'unset', to: '***' }],
    ['***', '***', null],
  ])('of %j to %j is %j', (before, after, values) => {
    const change = { setting: 'options.x', name: 'options.x', values };
    expect(recordedChange({ path: 'options.x', before, after }, 'unset')).toEqual(change);
  });
});
