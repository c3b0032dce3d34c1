import { describe, expect, it } from 'vitest';
import { LAUNCH, PLAN, running } from '../testing/instance-states.ts';
import { portRecord, sampleRegistry } from '../testing/sample-registry.ts';

const claim = (overrides: object) => ({ id: 'new', name: 'new', port: 9_000, aliases: [], ...overrides });

describe('the registry', () => {
  it('finds by name ignoring case, else by exact alias', () => {
    const registry = sampleRegistry([portRecord('a', 8_100, ['org/Chat:7b', 'model-b'])], [portRecord('b', 8_101)]);
    expect(registry.find('MODEL-A')?.record.id).toBe('a');
    expect(registry.find('org/Chat:7b')).toBe(null);
    expect(registry.findAny('MODEL-A')?.record.id).toBe('a');
    expect(registry.findAny('Model-B')?.record.id).toBe('b');
    expect(registry.findAny('org/Chat:7b')?.record.id).toBe('a');
    expect(registry.findAny('org/chat:7b')).toBe(null);
  });

  it('takes NAME:latest for NAME, unless an instance has that alias', () => {
    const registry = sampleRegistry([portRecord('a', 8_100, ['chat'])], [portRecord('b', 8_101, ['other:latest'])]);
    expect(registry.findAny('Model-A:latest')?.record.id).toBe('a');
    expect(registry.findAny('chat:latest')?.record.id).toBe('a');
    expect(registry.findAny('other:latest')?.record.id).toBe('b');
    expect(registry.findAny('other')).toBe(null);
    expect(registry.findAny('chat:7b')).toBe(null);
  });

  it('lists oldest first and forgets dropped instances', () => {
    const registry = sampleRegistry([portRecord('b', 8_100)], [portRecord('a', 8_102)]);
    const [first] = registry.all();
    expect(registry.all().map(({ record }) => record.id)).toEqual(['b', 'a']);
    if (first !== undefined) registry.drop(first);
    expect(registry.find('model-b')).toBe(null);
    expect(registry.byId('b')).toBe(null);
  });

  it.each([
    ['a name in another case', { name: 'MODEL-A' }, 'INSTANCE_EXISTS'],
    ['an alias that is a name', { aliases: ['Model-a'] }, 'ALIAS_CONFLICT'],
    ['an alias that is a name in another case', { aliases: ['MODEL-A'] }, 'ALIAS_CONFLICT'],
    ['a name that is an alias in another case', { name: 'Chat' }, 'ALIAS_CONFLICT'],
    ['an alias of another', { aliases: ['chat'] }, 'ALIAS_CONFLICT'],
    ['a name that is an alias', { name: 'chat' }, 'ALIAS_CONFLICT'],
    ['a port of another', { port: 8_100 }, 'PORT_CONFLICT'],
    ["llamactl's own port", { port: 8_101 }, 'PORT_CONFLICT'],
  ])('refuses %s', (_what, overrides, code) => {
    const registry = sampleRegistry([portRecord('a', 8_100, ['chat'])]);
    expect(() => registry.assertFree(claim(overrides))).toThrow(expect.objectContaining({ code }));
  });

  it('refuses the port of a live run whose instance has another port by now', () => {
    const live = running({ launch: { ...LAUNCH, plan: { ...PLAN, port: 8_555 } } });
    const registry = sampleRegistry([portRecord('a', 8_100), live]);
    expect(() => registry.assertFree(claim({ port: 8_555 }))).toThrow('the running engine of Model-a');
  });

  it('lets an instance keep its own name, alias and port', () => {
    const registry = sampleRegistry([portRecord('a', 8_100, ['chat'])]);
    registry.assertFree({ id: 'a', name: 'Model-a', port: 8_100, aliases: ['chat'] });
  });
});
