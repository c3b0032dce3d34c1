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

/** Makes the change, and resolves in the turn in which the new settings, and nothing later, are on the disk. */
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
  it('is complete: the next server restarts the engine and sends the events', async () => {
    const before = new Domain();
    const id = await before.createRunning('a');
    await untilWritten(before, ask);
    const [stored] = await before.store.load();
    expect(stored?.state.status, 'the restart has not begun').toBe('running');
    const after = await before.crash();
    await after.pass(50);
    expect(after.manager.get('a')).toMatchObject({ status: 'running', restart_required: false, restart_count: 0 });
    expect(after.manager.get('a').effective_command).toContain('--threads=2');
    expect(after.world.processes).toHaveLength(2);
    expect(after.world.peak(id)).toBe(1);
    expect(after.events.statuses('a')).toEqual(['restarting', 'starting', 'running']);
  });

  it('takes effect after a backoff: the next run has the new settings', async () => {
    const before = new Domain();
    const id = await before.createRunning('a');
    before.world.exit(id, 1, before.clock.now());
    await before.settle();
    await untilWritten(before, ask);
    const after = await before.crash();
    await after.pass(1_050);
    expect(after.manager.get('a')).toMatchObject({ status: 'running', options: NEW, restart_required: false });
  });

  it('is done once: a later server restarts nothing', async () => {
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

  it('starts the engine even if it died meanwhile and the policy allows no restart', async () => {
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

  it('succeeds and reports success when the disk is full after the settings were stored', async () => {
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

describe('a due restart', () => {
  it('is carried out by the next server when this one ends first', async () => {
    const domain = new Domain();
    await domain.createRunning('a');
    const updated = update(domain);
    await domain.instances.shutdown({ stopEngines: false });
    expect(await updated).toMatchObject({ instance: { status: 'running', options: NEW } });
    const after = await domain.crash();
    await after.pass(50);
    expect(after.manager.get('a')).toMatchObject({ status: 'running', options: NEW, restart_required: false });
  });

  it('does not follow from an update without restart', async () => {
    const domain = new Domain();
    await domain.createRunning('a');
    await domain.manager.update('a', { options: NEW }, { restart: false });
    const { pid } = domain.manager.get('a');
    const after = await domain.crash();
    expect(after.manager.get('a')).toMatchObject({ status: 'running', pid, restart_required: true });
  });

  it('does not start an instance that was stopped before it began', async () => {
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
