import { describe, expect, it } from 'vitest';
import type { Settings } from '../ports/instance-record.ts';
import { editChanges } from './edit-changes.ts';
import { newSettings } from './settings.ts';

const record = (settings: Partial<Settings>, port: { port?: number; portAssigned?: boolean; name?: string } = {}) => ({
  name: 'chat',
  port: 8_100,
  portAssigned: true,
  ...port,
  settings: { ...newSettings({}), ...settings },
});

describe('editChanges', () => {
  it('has the settings that the preview of an update names, with null for a setting that is not set', () => {
    const before = record({ options: { ctx_size: 4_096, seed: 1 }, aliases: ['a'], group: 'code' });
    const after = record({
      options: { ctx_size: 8_192, lora: ['x'] },
      aliases: ['a', 'b'],
      system_prompt: 'Be brief.',
    });
    expect(editChanges(before, after)).toEqual([
      { path: 'options.ctx_size', before: 4_096, after: 8_192 },
      { path: 'options.seed', before: 1, after: null },
      { path: 'options.lora', before: null, after: ['x'] },
      { path: 'aliases', before: ['a'], after: ['a', 'b'] },
      { path: 'group', before: 'code', after: null },
      { path: 'system_prompt', before: null, after: 'Be brief.' },
    ]);
    expect(editChanges(before, before)).toEqual([]);
  });

  it('has the name', () => {
    expect(editChanges(record({}), record({}, { name: 'code' }))).toEqual([
      { path: 'name', before: 'chat', after: 'code' },
    ]);
  });

  it('has the port, and null where llamactl chose the same number', () => {
    const port = (one: object, other: object) => editChanges(record({}, one), record({}, other));
    expect(port({}, { port: 9_000, portAssigned: false })).toEqual([{ path: 'port', before: 8_100, after: 9_000 }]);
    expect(port({ portAssigned: false }, {})).toEqual([{ path: 'port', before: 8_100, after: null }]);
  });

  it('has the names of options whose order changed', () => {
    const [before, after] = [record({ options: { a: 1, b: 2 } }), record({ options: { b: 2, a: 1 } })];
    expect(editChanges(before, after)).toEqual([{ path: 'options', before: ['a', 'b'], after: ['b', 'a'] }]);
  });

  it('never has the value of a variable of the environment', () => {
    const before = record({ environment: { TOKEN: 'old', MODE: 'old', GONE: 'old' } });
    const after = record({ environment: { TOKEN: 'new', MODE: 'new', NEW: 'new' } });
    expect(editChanges(before, after)).toEqual([
      { path: 'environment.TOKEN', before: '***', after: '***' },
      { path: 'environment.MODE', before: '***', after: '***' },
      { path: 'environment.GONE', before: '***', after: null },
      { path: 'environment.NEW', before: null, after: '***' },
    ]);
  });
});
