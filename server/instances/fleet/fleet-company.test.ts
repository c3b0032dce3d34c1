import { describe, expect, it } from 'vitest';
import { actions, entry, errors, FleetDomain } from '../../testing/fleet-domain.ts';

describe('somebody else, while it is applied,', () => {
  it('changes an instance: it is brought back to the document, and that is told', async () => {
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

  it('starts an instance: it is restarted', async () => {
    const domain = new FleetDomain();
    await domain.create('a');
    domain.meanwhile(() => domain.manager.start('a'));
    const applied = await domain.apply([entry('a', { options: { threads: 8 } })]);
    expect(actions(applied)).toEqual(['restart a']);
    await domain.pass(1_000);
    expect(domain.manager.get('a')).toMatchObject({ status: 'running', restart_required: false });
  });

  it('creates one that the document names: it is changed', async () => {
    const domain = new FleetDomain();
    domain.meanwhile(() => domain.create('a', { options: { seed: 7 } }));
    const applied = await domain.apply([entry('a')]);
    expect(applied.results).toMatchObject([{ action: 'change', changes: ['options.seed'] }]);
  });

  it('deletes one that the document names: it is created', async () => {
    const domain = new FleetDomain();
    await domain.create('a');
    domain.meanwhile(() => domain.manager.remove('a'));
    const applied = await domain.apply([entry('a', { aliases: ['x'] })]);
    expect(actions(applied)).toEqual(['create a']);
  });

  it('takes what the document wants: that step fails and the others are made', async () => {
    const domain = new FleetDomain();
    domain.meanwhile(() => domain.create('other', { aliases: ['x'] }));
    const applied = await domain.apply([entry('a', { aliases: ['x'] }), entry('b')]);
    expect(errors(applied)).toEqual(['x already names the instance other; choose another.', undefined]);
  });

  it('starts one that is being removed: it stays', async () => {
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

  it('applies the same: both end, and it is done once', async () => {
    const domain = new FleetDomain();
    const fleet = [entry('a'), entry('b', { aliases: ['x'] })];
    const both = await Promise.all([domain.apply(fleet), domain.apply(fleet)]);
    const created = both.filter((applied) => actions(applied).includes('create a'));
    expect(created).toHaveLength(1);
    expect(domain.manager.list()).toHaveLength(2);
  });
});
