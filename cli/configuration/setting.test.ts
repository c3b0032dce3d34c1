import { describe, expect, it } from 'vitest';
import { keysNear, patchOf, resetOf, stepsOf, valueAt } from './setting.ts';

describe('typed settings', () => {
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
  ])('%s gets the same type as in the file', (text, value) => {
    expect(patchOf([`a.b=${text}`])).toEqual({ a: { b: value } });
  });

  it('merge into one patch, in which the last value wins', () => {
    expect(patchOf(['a.b=1', 'c=2', 'a.d=3', 'a.b=4'])).toEqual({ a: { b: 4, d: 3 }, c: 2 });
  });

  it('may be one key and one value as two words', () => {
    expect(patchOf(['a.b', '5'])).toEqual({ a: { b: 5 } });
    expect(patchOf(['a.b', 'https://hook.example/?a=b'])).toEqual({ a: { b: 'https://hook.example/?a=b' } });
    for (const words of [
      ['a.b', 'c=5'],
      ['a.b', '5', 'c'],
    ])
      expect(() => patchOf(words)).toThrow('a.b has no value');
  });

  it.each(['stats.interval', '=5'])('require a key and a value: %s', (word) => {
    expect(() => patchOf([word])).toThrow('has no value');
  });

  it('are refused if they begin like YAML but are invalid', () => {
    expect(() => patchOf(['a=[b'])).toThrow('[b is not valid YAML');
  });

  it('are plain data under any name', () => {
    const patch = patchOf(['__proto__.polluted=true']);
    expect(Object.hasOwn(patch, '__proto__')).toBe(true);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('reset to their defaults', () => {
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

  it.each(['server.prt', 'prt', 'data_dir.x', 'toString', 'server.constructor'])(
    'is undefined if unknown: %s',
    (key) => {
      expect(valueAt(config, key)).toBeUndefined();
    },
  );

  it('has names with dots in quotes, or as the configuration has them', () => {
    const engines = { 'a.b': { args: 1 }, c: {}, d: { 'e.f': 1, e: { f: 2 } } };
    const stepsIn = (key: string): string[] => stepsOf(key, { engines });
    expect(stepsIn('engines."a.b".args')).toEqual(['engines', 'a.b', 'args']);
    expect(stepsIn('engines.a.b.args')).toEqual(['engines', 'a.b', 'args']);
    expect(stepsIn('engines.a.b.new')).toEqual(['engines', 'a.b', 'new']);
    expect(stepsIn('engines."x.y".args')).toEqual(['engines', 'x.y', 'args']);
    expect(stepsIn('engines.x.y')).toEqual(['engines', 'x', 'y']);
    // With two readings, each dot ends a name.
    expect(stepsIn('engines.d.e.f')).toEqual(['engines', 'd', 'e', 'f']);
    expect(stepsIn('engines.d."e.f"')).toEqual(['engines', 'd', 'e.f']);
    expect(stepsOf('a.__proto__.b', null)).toEqual(['a', '__proto__', 'b']);
  });

  it('has neighbours if unknown', () => {
    expect(keysNear(config, 'server.prt')).toEqual(['server.port', 'server.host']);
    expect(keysNear(config, 'servr.port')).toEqual(['server', 'data_dir']);
    expect(keysNear(config, 'server.port.x')).toEqual(['server.port', 'server.host']);
  });
});
