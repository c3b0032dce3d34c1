import { describe, expect, it } from 'vitest';
import { actions, entry, errors, FleetDomain } from '../../testing/fleet-domain.ts';

describe('an apply passes from one instance to another', () => {
  it('an alias, when two instances swap', async () => {
    const domain = new FleetDomain();
    await domain.create('a', { aliases: ['one'] });
    await domain.create('b', { aliases: ['two'] });
    const applied = await domain.apply([entry('a', { aliases: ['two'] }), entry('b', { aliases: ['one'] })]);
    expect(errors(applied)).toEqual([undefined, undefined]);
    expect(domain.manager.list().map(({ aliases }) => aliases)).toEqual([['two'], ['one']]);
  });

  it('a port, among three running instances: none starts before its port is free', async () => {
    const domain = new FleetDomain();
    const ports = [8_150, 8_151, 8_152];
    for (const [index, name] of ['a', 'b', 'c'].entries()) await domain.createRunning(name, { port: ports[index] });
    // The others end at once, this one does not.
    await domain.endsBy('b', 'SIGKILL');
    const applied = await domain.apply([
      entry('a', { port: 8_151 }),
      entry('b', { port: 8_152 }),
      entry('c', { port: 8_150 }),
    ]);
    expect(actions(applied)).toEqual(['restart a', 'restart b', 'restart c']);
    await domain.pass(1_000);
    expect([domain.status('a'), domain.status('c')]).toEqual(['starting', 'running']);
    await domain.pass(60_000);
    expect(domain.manager.list()).toMatchObject([
      { name: 'a', status: 'running', port: 8_151 },
      { name: 'b', status: 'running', port: 8_152 },
      { name: 'c', status: 'running', port: 8_150 },
    ]);
  });

  it('a port that an engine does not free: the start fails and names its holder', async () => {
    const domain = new FleetDomain();
    await domain.createRunning('a', { port: 8_150 });
    await domain.createRunning('b', { port: 8_151 });
    await domain.endsBy('b', 'nothing');
    await domain.apply([entry('a', { port: 8_151 }), entry('b', { port: 8_150 })]);
    await domain.pass(60_000);
    expect(domain.manager.get('a')).toMatchObject({
      status: 'failed',
      reason: expect.stringContaining('port 8151 is in use') as string,
    });
  });

  it('a port, to an instance that is started only afterwards', async () => {
    const domain = new FleetDomain();
    await domain.create('a', { port: 8_150 });
    await domain.createRunning('b', { port: 8_151 });
    await domain.endsBy('b', 'SIGKILL');
    await domain.apply([entry('a', { port: 8_151 }), entry('b', { port: 8_150 })]);
    expect(await domain.manager.start('a')).toBe('starting');
    await domain.pass(60_000);
    expect(domain.manager.list()).toMatchObject([{ status: 'running' }, { status: 'running' }]);
  });

  it('a port, while its engine is being stopped', async () => {
    const domain = new FleetDomain();
    await domain.createRunning('a', { port: 8_150 });
    await domain.createRunning('b', { port: 8_151 });
    await domain.endsBy('b', 'SIGKILL');
    await domain.manager.stop('b');
    await domain.settle();
    const applied = await domain.apply([entry('a', { port: 8_151 }), entry('b', { port: 8_150 })]);
    expect(actions(applied)).toEqual(['restart a', 'change b']);
    expect(errors(applied)).toEqual([undefined, undefined]);
    await domain.pass(60_000);
    expect(domain.manager.list()).toMatchObject([
      { status: 'running', port: 8_151 },
      { status: 'stopped', port: 8_150 },
    ]);
  });

  it('a port, until a stop ends the wait for it', async () => {
    const domain = new FleetDomain();
    await domain.createRunning('a', { port: 8_150 });
    await domain.createRunning('b', { port: 8_151 });
    await domain.endsBy('b', 'nothing');
    await domain.apply([entry('a', { port: 8_151 }), entry('b', { port: 8_150 })]);
    await domain.pass(1_000);
    expect(domain.status('a')).toBe('starting');
    await domain.manager.stop('a');
    await domain.pass(0);
    expect(domain.status('a')).toBe('stopped');
    expect(domain.faults).toEqual([]);
  });

  it('name, alias and port of a removed instance', async () => {
    const domain = new FleetDomain();
    await domain.createRunning('old', { port: 8_150, aliases: ['chat'] });
    const applied = await domain.applyInTime([entry('new', { port: 8_150, aliases: ['chat', 'old'] })], {
      prune: true,
    });
    expect(errors(applied)).toEqual([undefined, undefined]);
    expect(domain.manager.list()).toMatchObject([{ name: 'new', port: 8_150, aliases: ['chat', 'old'] }]);
  });

  it('nothing of an instance whose step failed', async () => {
    const domain = new FleetDomain();
    await domain.createRunning('a', { aliases: ['one'], port: 8_150 });
    await domain.create('b', { aliases: ['two'] });
    domain.adapter.startProblem = { code: 'MODEL_NOT_FOUND', message: 'there is no file /m.gguf' };
    const applied = await domain.apply([
      entry('a', { aliases: ['two'], port: 8_151 }),
      entry('b', { aliases: ['one'] }),
      entry('c', { port: 8_150 }),
      entry('d'),
    ]);
    expect(errors(applied)).toEqual([
      'there is no file /m.gguf',
      'one already names the instance a; choose another.',
      'Port 8150 belongs to the instance a; choose another, or leave it out to have one chosen.',
      undefined,
    ]);
    expect(domain.manager.list().map(({ name, aliases }) => [name, aliases])).toEqual([
      ['a', ['one']],
      ['b', ['two']],
      ['d', []],
    ]);
  });

  it('nothing of an instance that could not be removed', async () => {
    const domain = new FleetDomain();
    await domain.createRunning('old', { aliases: ['chat'] });
    await domain.endsBy('old', 'nothing');
    const applied = await domain.applyInTime([entry('new', { aliases: ['chat'] }), entry('other')], {
      prune: true,
    });
    expect(errors(applied)).toEqual([
      'chat already names the instance old; choose another.',
      undefined,
      expect.stringContaining('old is still stopping'),
    ]);
    expect(domain.manager.list().map(({ name }) => name)).toEqual(['old', 'other']);
  });
});
