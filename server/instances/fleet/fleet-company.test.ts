import { describe, expect, it } from 'vitest';
import { actions, entry, errors, FleetDomain } from '../../testing/fleet-domain.ts';

describe('apply beside other requests', () => {
  it('restores an instance that another request changes meanwhile, and reports it', async () => {
    const domain = new FleetDomain();
    await domain.createRunning('a');
    await domain.create('b');
    domain.meanwhile(() => domain.manager.update('b', { options: { seed: 7 } }, { restart: false }));
    const applied = await domain.apply([entry('a', { options: { threads: 8 } }), entry('b')]);
    expect(applied.results).toMatchObject([
      { name: 'a', action: 'restart', changes: ['options.threads'] },
      { name: 'b', action: 'change', changes: ['options.seed'] },
    ]);
    expect(domain.manager.get('b').options).toEqual({});
  });

  it('restarts an instance that another request starts meanwhile', async () => {
    const domain = new FleetDomain();
    await domain.create('a');
    domain.meanwhile(() => domain.manager.start('a'));
    const applied = await domain.apply([entry('a', { options: { threads: 8 } })]);
    expect(actions(applied)).toEqual(['restart a']);
    await domain.pass(1_000);
    expect(domain.manager.get('a')).toMatchObject({ status: 'running', restart_required: false });
  });

  it('changes an instance that another request creates meanwhile', async () => {
    const domain = new FleetDomain();
    domain.meanwhile(() => domain.create('a', { options: { seed: 7 } }));
    const applied = await domain.apply([entry('a')]);
    expect(applied.results).toMatchObject([{ action: 'change', changes: ['options.seed'] }]);
  });

  it('creates an instance that another request deletes meanwhile', async () => {
    const domain = new FleetDomain();
    await domain.create('a');
    domain.meanwhile(() => domain.manager.remove('a'));
    const applied = await domain.apply([entry('a', { aliases: ['x'] })]);
    expect(actions(applied)).toEqual(['create a']);
  });

  it('fails a step whose alias another request takes meanwhile, and makes the others', async () => {
    const domain = new FleetDomain();
    domain.meanwhile(() => domain.create('other', { aliases: ['x'] }));
    const applied = await domain.apply([entry('a', { aliases: ['x'] }), entry('b')]);
    expect(errors(applied)).toEqual(['x already names the instance other; choose another.', undefined]);
  });

  it('keeps an instance that another request starts during its removal', async () => {
    const domain = new FleetDomain();
    const id = await domain.createRunning('a');
    domain.world.process(id).endsBy = 'SIGKILL';
    const applied = domain.apply([], { prune: true });
    await domain.settle();
    await domain.manager.start('a');
    await domain.pass(60_000);
    expect(errors(await applied)).toEqual([expect.stringContaining('a is restarting')]);
    expect(domain.status('a')).toBe('running');
  });

  it('makes the changes once when the same document is applied twice at once', async () => {
    const domain = new FleetDomain();
    const fleet = [entry('a'), entry('b', { aliases: ['x'] })];
    const both = await Promise.all([domain.apply(fleet), domain.apply(fleet)]);
    const created = both.filter((applied) => actions(applied).includes('create a'));
    expect(created).toHaveLength(1);
    expect(domain.manager.list()).toHaveLength(2);
  });
});
