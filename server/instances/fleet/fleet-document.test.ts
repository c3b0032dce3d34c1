import { describe, expect, it, vi } from 'vitest';
import { entry, FleetDomain } from '../../testing/fleet-domain.ts';

describe('an invalid document', () => {
  it('is refused with every problem and its path, and changes nothing', async () => {
    const domain = new FleetDomain();
    await domain.create('there', { aliases: ['taken'], port: 8_150 });
    const before = await domain.traces();
    const refused = domain.apply(
      [
        entry('a', { environment: { LLAMACTL_X: '1' }, port: 8_160 }),
        entry('b', { engine: 'unknown', aliases: ['x', 'A'] }),
        { name: 'B' },
        entry('c', { aliases: ['x', 'taken'], port: 8_160 }),
        entry('d', { port: 8_080 }),
      ],
      { prune: false },
    );
    await expect(refused).rejects.toMatchObject({
      code: 'RESERVED_OPTION',
      extras: {
        problems: [
          { path: 'instances[0].environment.LLAMACTL_X', message: 'is set by llamactl' },
          { path: 'instances[1].engine', message: 'cannot be "unknown"; it can be llama_cpp' },
          { path: 'instances[1].aliases[1]', message: 'A already names the instance a; choose another' },
          { path: 'instances[2].name', message: expect.stringContaining('instances[1]') as string },
          { path: 'instances[2].model_path', message: expect.stringContaining('is required') as string },
          { path: 'instances[3].aliases[1]', message: 'taken already names the instance there; choose another' },
          { path: 'instances[3].port', message: expect.stringContaining('belongs to the instance a') as string },
          { path: 'instances[4].port', message: expect.stringContaining('llamactl itself') as string },
        ],
      },
    });
    expect(await domain.traces()).toEqual(before);
  });

  it('is checked up to its hundredth problem in all', async () => {
    const domain = new FleetDomain();
    const check = vi.spyOn(domain.adapter, 'check');
    const wrong = Array.from({ length: 1_000 }, (_, index) => entry(`a${index}`, { environment: { LLAMACTL_X: '1' } }));
    await expect(domain.apply(wrong)).rejects.toMatchObject({
      extras: {
        problems: expect.objectContaining({ length: 100 }) as unknown,
        details: 'Checking stopped after 100 problems; there may be more.',
      },
    });
    expect(check).toHaveBeenCalledTimes(100);
  });

  it('gets about a hundred warnings in all, not per entry', async () => {
    const domain = new FleetDomain();
    const check = vi.spyOn(domain.adapter, 'check');
    check.mockImplementation((_, most = 100) =>
      Promise.resolve({ problems: [], warnings: Array.from({ length: Math.min(40, most) }, () => 'unknown') }),
    );
    await domain.applyInTime(
      Array.from({ length: 10 }, (_, index) => entry(`a${index}`)),
      { dryRun: true },
    );
    expect(check.mock.calls.map((call: readonly unknown[]) => call[1])).toEqual([100, 60, 20, 0, 0, 0, 0, 0, 0, 0]);
  });

  it('keeps stored variables that are no longer allowed', async () => {
    const domain = new FleetDomain();
    const check = domain.adapter.check.bind(domain.adapter);
    domain.adapter.check = () => Promise.resolve({ problems: [], warnings: [] });
    await domain.create('a', { environment: { LLAMACTL_OLD: '1' } });
    domain.adapter.check = check;
    const kept = entry('a', { environment: { LLAMACTL_OLD: '1' }, pinned: true });
    const { results } = await domain.applyInTime([kept]);
    expect(results).toMatchObject([
      { action: 'change', warnings: [expect.stringContaining('LLAMACTL_OLD keeps the instance from starting')] },
    ]);
    const more = entry('a', { environment: { LLAMACTL_OLD: '2' } });
    await expect(domain.apply([more])).rejects.toMatchObject({ code: 'RESERVED_OPTION' });
  });

  it.each([
    ['an alias of an instance that stays', entry('b', { aliases: ['taken'] }), 'ALIAS_CONFLICT'],
    ['a name that is an alias of that instance', entry('TAKEN'), 'ALIAS_CONFLICT'],
    ['the port of that instance', entry('b', { port: 8_150 }), 'PORT_CONFLICT'],
    ["the port of that instance's engine", entry('b', { port: 8_151 }), 'PORT_CONFLICT'],
    ["llamactl's own port", entry('b', { port: 8_080 }), 'PORT_CONFLICT'],
  ])('collides with %s', async (_what, wanted, code) => {
    const domain = new FleetDomain();
    await domain.createRunning('there', { port: 8_151 });
    await domain.manager.update('there', { port: 8_150, aliases: ['taken'] }, { restart: false });
    await expect(domain.apply([wanted])).rejects.toMatchObject({ code });
    expect(domain.manager.list()).toHaveLength(1);
  });

  it.each([
    ['names', [entry('a'), entry('A')], 'instances[1].name'],
    ['names of an existing instance', [entry('there'), entry('There')], 'instances[1].name'],
    ['aliases', [entry('a', { aliases: ['x'] }), entry('b', { aliases: ['x'] })], 'instances[1].aliases[0]'],
    ['a name and an alias', [entry('a', { aliases: ['B'] }), entry('b')], 'instances[1].name'],
    ['ports', [entry('a', { port: 8_160 }), entry('b', { port: 8_160 })], 'instances[1].port'],
  ])('is refused if it has something twice: %s', async (_what, wanted, path) => {
    const domain = new FleetDomain();
    await domain.create('there');
    await expect(domain.apply([...wanted])).rejects.toMatchObject({
      code: 'VALIDATION_ERROR',
      extras: { problems: [{ path }] },
    });
    expect(domain.manager.list()).toHaveLength(1);
  });

  it('is refused if it has more entries than there are ports', async () => {
    const domain = new FleetDomain();
    const many = Array.from({ length: 102 }, (_unused, index) => entry(`n${index}`));
    await expect(domain.apply([...many])).rejects.toMatchObject({
      code: 'PORT_CONFLICT',
      extras: { problems: [{ path: 'instances[100].port' }, { path: 'instances[101].port' }] },
    });
    expect(domain.manager.list()).toEqual([]);
  });
});
