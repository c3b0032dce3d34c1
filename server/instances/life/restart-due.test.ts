import { describe, expect, it } from 'vitest';
import { Domain } from '../../testing/domain.ts';

const NEW = { threads: 2 };

const update = ({ manager }: Domain): Promise<unknown> => manager.update('a', { options: NEW }, { restart: true });
const apply = ({ instances }: Domain): Promise<unknown> =>
  instances.fleet.apply(
    { version: 1, instances: [{ name: 'a', model_path: '/m.gguf', options: NEW }] },
    { prune: false, dryRun: false },
  );

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** Asks, and returns in the turn in which the new settings are on the disk and nothing later is. */
async function untilWritten(domain: Domain, ask: (domain: Domain) => Promise<unknown>): Promise<void> {
  void ask(domain);
  for (;;) {
    const [stored] = await domain.store.load();
    if (stored?.record.settings.options?.['threads'] === NEW.threads) return;
    await turn();
  }
}

const CHANGES = [
  ['an update that restarts', update],
  ['an apply', apply],
] as const;

describe.each(CHANGES)('%s, when llamactl dies between the new settings and the restart', (_what, ask) => {
  it('is whole: the next one restarts the engine, and that is told', async () => {
    const before = new Domain();
    const id = await before.createRunning('a');
    await untilWritten(before, ask);
    const [stored] = await before.store.load();
    expect(stored?.state.status, 'the restart is not begun').toBe('running');
    const after = await before.crash();
    await after.pass(50);
    expect(after.manager.get('a')).toMatchObject({ status: 'running', restart_required: false, restart_count: 0 });
    expect(after.manager.get('a').effective_command).toContain('--threads=2');
    expect(after.world.processes).toHaveLength(2);
    expect(after.world.peak(id)).toBe(1);
    expect(after.events.statuses('a')).toEqual(['restarting', 'starting', 'running']);
  });

  it('is made in a backoff when that is over: the next run has the new settings', async () => {
    const before = new Domain();
    const id = await before.createRunning('a');
    before.world.exit(id, 1, before.clock.now());
    await before.settle();
    await untilWritten(before, ask);
    const after = await before.crash();
    await after.pass(1_050);
    expect(after.manager.get('a')).toMatchObject({ status: 'running', options: NEW, restart_required: false });
  });

  it('is over then: whoever comes next finds nothing to do', async () => {
    const before = new Domain();
    await before.createRunning('a');
    await untilWritten(before, ask);
    const after = await before.crash();
    await after.pass(50);
    const { pid } = after.manager.get('a');
    const last = await after.crash();
    expect(last.manager.get('a')).toMatchObject({ status: 'running', pid });
  });

  it('ends an engine that was still loading', async () => {
    const before = new Domain();
    const id = await before.create('a');
    before.world.defaults.isReady = false;
    await before.manager.start('a');
    await before.pass(50);
    await untilWritten(before, ask);
    before.world.defaults.isReady = true;
    const after = await before.crash();
    await after.pass(50);
    expect(after.manager.get('a')).toMatchObject({ status: 'running', restart_required: false });
    expect(after.world.peak(id)).toBe(1);
  });

  it('starts it also when the engine died meanwhile, whatever the policy says', async () => {
    const before = new Domain();
    const id = await before.createRunning('a', { auto_restart: false });
    const isApply = ask === apply;
    await untilWritten(before, isApply ? applyWithoutPolicy : ask);
    before.supervisor.close();
    before.world.exit(id, 1, before.clock.now());
    const after = await before.crash();
    await after.pass(50);
    expect(after.manager.get('a')).toMatchObject({ status: 'running', restart_required: false });
  });

  it('is made, and told so, when only the settings could be stored before the disk was full', async () => {
    const domain = new Domain();
    await domain.createRunning('a');
    const asked = Promise.withResolvers<unknown>();
    await untilWritten(domain, async (each) => asked.resolve(ask(each)));
    domain.store.failure = new Error('disk full');
    const outcome = JSON.stringify(await asked.promise);
    expect(outcome).not.toContain('could not be stored');
    domain.store.failure = null;
    await domain.pass(50);
    expect(domain.manager.get('a')).toMatchObject({ status: 'running', options: NEW, restart_required: false });
  });

  it('leaves the engine alone when the settings cannot be stored, now and after a crash', async () => {
    const domain = new Domain();
    await domain.createRunning('a');
    const before = domain.manager.get('a');
    domain.store.failure = new Error('disk full');
    await ask(domain).catch(() => undefined);
    expect(domain.manager.get('a')).toEqual(before);
    domain.store.failure = null;
    await domain.pass(10_000);
    const after = await domain.crash();
    await after.pass(50);
    expect(after.manager.get('a')).toMatchObject({ status: 'running', pid: before.pid, options: before.options });
    expect(after.events.statuses('a')).toEqual([]);
  });
});

const applyWithoutPolicy = ({ instances }: Domain): Promise<unknown> =>
  instances.fleet.apply(
    { version: 1, instances: [{ name: 'a', model_path: '/m.gguf', options: NEW, auto_restart: false }] },
    { prune: false, dryRun: false },
  );

describe('a restart that is due', () => {
  it('is done by the next server when this one ends first', async () => {
    const domain = new Domain();
    await domain.createRunning('a');
    const updated = update(domain);
    await domain.instances.shutdown({ stopEngines: false });
    expect(await updated).toMatchObject({ instance: { status: 'running', options: NEW } });
    const after = await domain.crash();
    await after.pass(50);
    expect(after.manager.get('a')).toMatchObject({ status: 'running', options: NEW, restart_required: false });
  });

  it('is not made of an update that restarts nothing', async () => {
    const domain = new Domain();
    await domain.createRunning('a');
    await domain.manager.update('a', { options: NEW }, { restart: false });
    const { pid } = domain.manager.get('a');
    const after = await domain.crash();
    expect(after.manager.get('a')).toMatchObject({ status: 'running', pid, restart_required: true });
  });

  it('is nothing to one that was stopped before it began', async () => {
    const before = new Domain();
    await before.createRunning('a');
    await before.acquire();
    void before.manager.stop('a');
    await untilWritten(before, update);
    const after = await before.crash();
    await after.pass(50);
    expect(after.status()).toBe('stopped');
  });
});
