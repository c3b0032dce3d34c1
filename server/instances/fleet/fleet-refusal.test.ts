import { ApiError } from '@llamactl/contract/errors';
import { describe, expect, it } from 'vitest';
import { entry, errors, FleetDomain } from '../../testing/fleet-domain.ts';

const STOPPING = new ApiError('SHUTTING_DOWN', 'llamactl is stopping.');

/** An instance whose engine ends slowly, and an apply that waits for that. */
async function waitingForAnEnd(): Promise<{ domain: FleetDomain; caller: AbortController; applied: Promise<unknown> }> {
  const domain = new FleetDomain();
  await domain.createRunning('old');
  await domain.endsBy('old', 'SIGKILL');
  const caller = new AbortController();
  const applied = domain.apply([entry('new')], { prune: true, signal: caller.signal }).catch((error: unknown) => error);
  await domain.settle();
  return { domain, caller, applied };
}

describe('an apply that waits changes nothing, then or later,', () => {
  it.each([
    ['llamactl stops', STOPPING],
    ['the credentials were revoked', new ApiError('UNAUTHORIZED', 'The credentials of this request were revoked.')],
  ])('when it is refused because %s', async (_, refusal) => {
    const { domain, caller, applied } = await waitingForAnEnd();
    caller.abort(refusal);
    expect(await applied).toBe(refusal);
    await domain.pass(60_000);
    expect((await domain.store.load()).map(({ record }) => record.name)).toEqual(['old']);
    expect(domain.faults).toEqual([]);
  });

  it.each(Array.from({ length: 40 }, (_, turns) => turns))(
    'when it is refused %i microtasks after the check',
    async (turns) => {
      const domain = new FleetDomain();
      const caller = new AbortController();
      const preflight = domain.adapter.preflight.bind(domain.adapter);
      domain.adapter.preflight = async () => {
        void refuseAfter(turns, caller);
        return preflight();
      };
      const applied = domain.apply([entry('new')], { signal: caller.signal }).catch((error: unknown) => error);
      await domain.pass(60_000);
      const isRefused = (await applied) === STOPPING;
      expect((await domain.store.load()).map(({ record }) => record.name)).toEqual(isRefused ? [] : ['new']);
      expect(domain.faults).toEqual([]);
    },
  );

  it('when a shutdown follows after its caller has left', async () => {
    const { domain, caller, applied } = await waitingForAnEnd();
    caller.abort(new Error('gone'));
    await applied;
    const ended = domain.instances.shutdown({ stopEngines: false });
    await domain.pass(60_000);
    await ended;
    expect((await domain.store.load()).map(({ record }) => record.name)).toEqual(['old']);
    expect(domain.faults).toEqual([]);
  });
});

describe('an apply that is writing', () => {
  it('delays a shutdown, and returns what was done', async () => {
    const domain = new FleetDomain();
    await domain.create('old');
    const caller = new AbortController();
    const gate = holdRemovals(domain);
    const applied = domain.apply([entry('new')], { prune: true, signal: caller.signal });
    await domain.settle();
    caller.abort(STOPPING);
    let isOver = false;
    const ended = domain.instances.shutdown({ stopEngines: false }).then(() => (isOver = true));
    await domain.settle();
    expect(isOver).toBe(false);
    gate.resolve();
    await ended;
    expect(errors(await applied)).toEqual([undefined, undefined]);
    expect((await domain.store.load()).map(({ record }) => record.name)).toEqual(['new']);
  });

  it('does not delay a shutdown longer than stops do', async () => {
    const domain = new FleetDomain();
    await domain.create('old');
    holdRemovals(domain);
    void domain.apply([entry('new')], { prune: true });
    await domain.settle();
    let isOver = false;
    void domain.instances.shutdown({ stopEngines: false }).then(() => (isOver = true));
    await domain.pass(4_999);
    expect(isOver).toBe(false);
    await domain.pass(1);
    expect(isOver).toBe(true);
  });

  it('reports the rest as not done when it is refused after a removal and must plan again', async () => {
    const domain = new FleetDomain();
    await domain.create('old');
    await domain.create('other');
    const caller = new AbortController();
    const gate = holdRemovals(domain);
    const applied = domain.apply([entry('new'), entry('other', { pinned: true })], {
      prune: true,
      signal: caller.signal,
    });
    await domain.settle();
    await domain.manager.update('other', { aliases: ['meanwhile'] }, { restart: false });
    caller.abort(STOPPING);
    gate.resolve();
    const { results } = await applied;
    expect(results).toMatchObject([
      { name: 'new', error: 'llamactl is stopping.' },
      { name: 'other', error: 'llamactl is stopping.' },
      { name: 'old', action: 'remove' },
    ]);
    expect(results[2]).not.toHaveProperty('error');
    expect((await domain.store.load()).map(({ record }) => [record.name, record.settings.aliases])).toEqual([
      ['other', ['meanwhile']],
    ]);
  });

  it('reports the same when it is called off while it checks the disk again', async () => {
    const domain = new FleetDomain();
    await domain.create('old');
    await domain.create('other');
    const caller = new AbortController();
    const removals = holdRemovals(domain);
    const applied = domain.apply([entry('new'), entry('other')], { prune: true, signal: caller.signal });
    await domain.settle();
    await domain.manager.update('other', { aliases: ['meanwhile'] }, { restart: false });
    const disk = holdDisk(domain);
    removals.resolve();
    await domain.settle();
    caller.abort(STOPPING);
    disk.resolve();
    expect(errors(await applied)).toEqual(['llamactl is stopping.', 'llamactl is stopping.', undefined]);
    expect((await domain.store.load()).map(({ record }) => record.name)).toEqual(['other']);
  });
});

/** Refuses a request amid the promises that are settled in this turn of the event loop. */
async function refuseAfter(microtasks: number, caller: AbortController): Promise<void> {
  for (let left = microtasks; left > 0; left -= 1) await Promise.resolve();
  caller.abort(STOPPING);
}

/** Holds removals back until `resolve`. */
function holdRemovals({ store }: FleetDomain): { resolve: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const remove = store.remove.bind(store);
  store.remove = async (...removal) => {
    await promise;
    return remove(...removal);
  };
  return { resolve };
}

/** Holds the check of the disk back until `resolve`. */
function holdDisk({ adapter }: FleetDomain): { resolve: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const preflight = adapter.preflight.bind(adapter);
  adapter.preflight = async () => {
    await promise;
    return preflight();
  };
  return { resolve };
}
