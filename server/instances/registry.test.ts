import { describe, expect, it } from 'vitest';
import { FakeClock } from '../testing/fake-clock.ts';
import { MemoryStore } from '../testing/memory-store.ts';
import { LAUNCH, PLAN, running } from '../testing/instance-states.ts';
import { RecordingEvents } from '../testing/recording-events.ts';
import type { InstanceState } from './life/lifecycle.ts';
import { Mailbox } from './life/mailbox.ts';
import type { InstanceRecord } from './ports/instance-record.ts';
import { Registry } from './registry.ts';
import { newSettings } from './settings/settings.ts';
import { NEW_STATE } from './life/transitions.ts';

function aRecord(id: string, port: number, aliases: string[] = []): InstanceRecord {
  const settings = newSettings({ aliases });
  return { id, name: `Model-${id}`, port, portAssigned: true, settings, createdAt: '', updatedAt: '', version: 1 };
}

function aRegistry(...entries: [InstanceRecord, InstanceState?][]) {
  return aRegistryBeside([], ...entries);
}

function aRegistryBeside(occupied: number[], ...entries: [InstanceRecord, InstanceState?][]) {
  const registry = new Registry(
    [8_100, 8_103],
    () => 8_101,
    () => new Set(occupied),
  );
  const dependencies = {
    store: new MemoryStore(),
    events: new RecordingEvents(),
    clock: new FakeClock(),
    effects: { run: () => {} },
    onFault: () => {},
  };
  for (const [record, state] of entries) registry.add(new Mailbox(record, state ?? NEW_STATE, dependencies));
  return registry;
}

const claim = (overrides: object) => ({ id: 'new', name: 'new', port: 9_000, aliases: [], ...overrides });

describe('the registry', () => {
  it('finds by name ignoring case, else by exact alias', () => {
    const registry = aRegistry([aRecord('a', 8_100, ['org/Chat:7b', 'model-b'])], [aRecord('b', 8_101)]);
    expect(registry.find('MODEL-A')?.record.id).toBe('a');
    expect(registry.find('org/Chat:7b')).toBe(null);
    expect(registry.findAny('MODEL-A')?.record.id).toBe('a');
    expect(registry.findAny('Model-B')?.record.id).toBe('b');
    expect(registry.findAny('org/Chat:7b')?.record.id).toBe('a');
    expect(registry.findAny('org/chat:7b')).toBe(null);
  });

  it('lists oldest first and forgets dropped instances', () => {
    const registry = aRegistry([aRecord('b', 8_100)], [aRecord('a', 8_102)]);
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
    const registry = aRegistry([aRecord('a', 8_100, ['chat'])]);
    expect(() => registry.assertFree(claim(overrides))).toThrow(expect.objectContaining({ code }));
  });

  it('refuses the port of a live run whose instance has another port by now', () => {
    const live = running({ launch: { ...LAUNCH, plan: { ...PLAN, port: 8_555 } } });
    const registry = aRegistry([aRecord('a', 8_100), live]);
    expect(() => registry.assertFree(claim({ port: 8_555 }))).toThrow('the running engine of Model-a');
  });

  it('lets an instance keep its own name, alias and port', () => {
    const registry = aRegistry([aRecord('a', 8_100, ['chat'])]);
    registry.assertFree({ id: 'a', name: 'Model-a', port: 8_100, aliases: ['chat'] });
  });

  it('assigns the lowest free port of the range, except that of llamactl', () => {
    const registry = aRegistry([aRecord('a', 8_100)]);
    expect(registry.assignPort('new')).toBe(8_102);
    expect(registry.freePort('new', new Set([8_102]))).toBe(8_103);
  });

  it('assigns no port on which another process listens, unless no other is left', () => {
    const occupied = [8_100, 8_102];
    expect(aRegistryBeside(occupied).assignPort('new')).toBe(8_103);
    expect(aRegistryBeside(occupied, [aRecord('a', 8_103)]).assignPort('new')).toBe(8_100);
    const live = running({ launch: { ...LAUNCH, plan: { ...PLAN, port: 8_102 } } });
    expect(aRegistryBeside(occupied, [aRecord('a', 8_102), live]).assignPort('a')).toBe(8_102);
  });

  it('names remedies when the range is used up', () => {
    const registry = aRegistry([aRecord('a', 8_100)], [aRecord('b', 8_102)], [aRecord('c', 8_103)]);
    expect(() => registry.assignPort('new')).toThrow(/port_range \(8100 to 8103\) is taken; widen it/);
  });
});
