import { describe, expect, it } from 'vitest';
import { keysNear, patchOf, resetOf, valueAt } from './setting.ts';

describe('settings as they are typed', () => {
  it.each([
    ['5', 5],
    ['0', 0],
    ['-1', -1],
    ['1.5', 1.5],
    ['true', true],
    ['null', null],
    ['24h', '24h'],
    ['text of words', 'text of words'],
    ['', ''],
    ['"5"', '5'],
    ["''", ''],
    ['[a, 5]', ['a', 5]],
    ['{ HF_HOME: /x }', { HF_HOME: '/x' }],
    ['~/models', '~/models'],
    ['https://hook.example/?a=b', 'https://hook.example/?a=b'],
    ['key: value', 'key: value'],
    ['- a', '- a'],
    ['*', '*'],
    ['@x', '@x'],
  ])('%s has the type that it would have in the file', (text, value) => {
    expect(patchOf([`a.b=${text}`])).toEqual({ a: { b: value } });
  });

  it('make one part of the configuration together, of which the last counts', () => {
    expect(patchOf(['a.b=1', 'c=2', 'a.d=3', 'a.b=4'])).toEqual({ a: { b: 4, d: 3 }, c: 2 });
  });

  it.each(['stats.interval', '=5'])('need a key and a value, unlike %s', (word) => {
    expect(() => patchOf([word])).toThrow('says no value');
  });

  it('that begin as YAML and are none are refused', () => {
    expect(() => patchOf(['a=[b'])).toThrow('[b is no YAML');
  });

  it('are data, whatever they are called', () => {
    const patch = patchOf(['__proto__.polluted=true']);
    expect(Object.hasOwn(patch, '__proto__')).toBe(true);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('go back to their defaults', () => {
    expect(resetOf(['a.b', 'c'])).toEqual({ a: { b: null }, c: null });
  });
});

describe('a key', () => {
  const config = { server: { port: 1, host: 'x' }, data_dir: '/d' };

  it('has a value, or is a section', () => {
    expect([valueAt(config, 'server.port'), valueAt(config, 'server'), valueAt(config, 'data_dir')]).toEqual([
      1,
      config.server,
      '/d',
    ]);
  });

  it.each(['server.prt', 'prt', 'data_dir.x', 'toString', 'server.constructor'])('that is none has none: %s', (key) => {
    expect(valueAt(config, key)).toBeUndefined();
  });

  it('that is none has neighbours', () => {
    expect(keysNear(config, 'server.prt')).toEqual(['server.port', 'server.host']);
    expect(keysNear(config, 'servr.port')).toEqual(['server', 'data_dir']);
    expect(keysNear(config, 'server.port.x')).toEqual(['server.port', 'server.host']);
  });
});
