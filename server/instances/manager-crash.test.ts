import { describe, expect, it } from 'vitest';
import { Domain } from '../testing/domain.ts';

/** Engines that end, hang or use less than they were asked to. */

describe('a crash of an engine', () => {
  it('leads to a doubling backoff, and finally to failed', async () => {
    const domain = new Domain();
    const id = await domain.createRunning();
    for (const delay of [1, 2, 4, 8, 16]) {
      domain.world.exit(id, 1, domain.clock.now());
      await domain.settle();
      expect(domain.manager.get('a')).toMatchObject({ status: 'restarting', pid: null, stats: null });
      await domain.pass(delay * 1_000 - 1);
      expect(domain.status(), `before ${delay} s are over`).toBe('restarting');
      await domain.pass(50);
      expect(domain.status(), `after ${delay} s`).toBe('running');
    }
    domain.world.exit(id, 1, domain.clock.now());
    await domain.settle();
    expect(domain.manager.get('a')).toMatchObject({
      status: 'failed',
      reason: expect.stringContaining('gave up after 5') as unknown,
    });
  });

  it('leads to a restart even if the exit code is 0', async () => {
    const domain = new Domain();
    const id = await domain.createRunning();
    domain.world.exit(id, 0, domain.clock.now());
    await domain.settle();
    expect(domain.status()).toBe('restarting');
  });

  it('breaks the leases', async () => {
    const domain = new Domain();
    const id = await domain.createRunning();
    const lease = await domain.acquire();
    domain.world.exit(id, 1, domain.clock.now());
    await domain.settle();
    expect(lease.signal.aborted).toBe(true);
  });

  it('leads to a backoff in which stop and start work at once', async () => {
    const domain = new Domain();
    const id = await domain.createRunning();
    domain.world.exit(id, 1, domain.clock.now());
    await domain.settle();
    expect(await domain.manager.start('a')).toBe('starting');
    await domain.pass(50);
    domain.world.exit(id, 1, domain.clock.now());
    await domain.settle();
    expect(await domain.manager.stop('a')).toBe('stopped');
    await domain.pass(120_000);
    expect(domain.world.alive()).toEqual([]);
  });
});

describe('a hung engine', () => {
  it('is restarted when it misses its health checks without open requests', async () => {
    const domain = new Domain();
    const id = await domain.createRunning();
    const first = domain.world.process(id);
    first.isReady = false;
    await domain.pass(31_000);
    expect(domain.manager.get('a')).toMatchObject({
      status: 'restarting',
      reason: expect.stringContaining('health check') as unknown,
    });
    expect(first.exit).toMatchObject({ code: 137 });
    await domain.pass(1_100);
    expect(domain.status()).toBe('running');
  });

  it('is restarted with open requests when nothing moves', async () => {
    const { domain, first } = await leased();
    first.isReady = false;
    await domain.pass(31_000);
    expect(domain.manager.get('a')).toMatchObject({
      status: 'restarting',
      reason: expect.stringContaining('no tokens, output, CPU time or reads') as unknown,
    });
    expect(first.exit).toMatchObject({ code: 137 });
  });

  it('is not assumed while tokens pass or the engine computes', async () => {
    const { domain, first, lease } = await leased();
    first.isReady = false;
    for (let second = 0; second < 120; second += 1) {
      if (second < 60) lease.passed(Buffer.from('data: {}'));
      else first.progress.cpuTicks += 100;
      await domain.pass(1_000);
    }
    expect(domain.status()).toBe('running');
    expect(first.exit).toBeNull();
  });

  it('does not count as busy because of comments in its streams', async () => {
    const { domain, first, lease } = await leased();
    first.isReady = false;
    for (let second = 0; second < 40; second += 1) {
      lease.passed(Buffer.from(': ping\n\n'));
      await domain.pass(1_000);
    }
    expect(first.exit).toMatchObject({ code: 137 });
  });

  it('is not assumed when the last caller has just left', async () => {
    const { domain, first, lease } = await leased();
    first.isReady = false;
    const work = async (seconds: number): Promise<void> => {
      for (let second = 0; second < seconds; second += 1) {
        first.progress.cpuTicks += 100;
        await domain.pass(1_000);
      }
    };
    await work(12);
    lease.release();
    await work(12);
    expect(domain.status()).toBe('running');
  });

  async function leased() {
    const domain = new Domain();
    const id = await domain.createRunning();
    return { domain, first: domain.world.process(id), lease: await domain.acquire() };
  }
});

describe('an engine that uses GPUs less than requested', () => {
  const alertsOf = (domain: Domain): string[] =>
    domain.alerts.list().map(({ level, code: alert, message }) => `${level} ${alert}: ${message}`);
  const ALERT =
    'warning gpu_offload_short: the engine offloaded 12/33 layers to GPU; the processor computes the rest, which is slower';

  it('raises an alert, which is cleared when the run ends', async () => {
    const domain = new Domain();
    domain.adapter.gpus = { kind: 'less', shortfall: 'offloaded 12/33 layers to GPU' };
    await domain.createRunning();
    expect(alertsOf(domain)).toEqual([ALERT]);
    domain.adapter.gpus = { kind: 'as requested' };
    await domain.manager.restart('a');
    await domain.pass(1_000);
    expect(domain.status()).toBe('running');
    expect(alertsOf(domain)).toEqual([]);
  });

  it('has an alert that names the processor for all layers when no GPU takes any', async () => {
    const domain = new Domain();
    domain.adapter.gpus = { kind: 'less', shortfall: 'found no usable GPU, so none of its layers is offloaded' };
    await domain.createRunning();
    expect(alertsOf(domain)).toEqual([
      'warning gpu_offload_short: the engine found no usable GPU, so none of its layers is offloaded; the processor computes all of it, which is slower',
    ]);
  });

  it('raises the alert again when the next server adopts it, without reading its log again', async () => {
    const before = new Domain();
    before.adapter.gpus = { kind: 'less', shortfall: 'offloaded 12/33 layers to GPU' };
    await before.createRunning();
    before.adapter.gpus = { kind: 'unclear' };
    const after = await before.crash();
    expect(alertsOf(after)).toEqual([ALERT]);
  });

  it('raises no alert when GPUs were not requested', async () => {
    const domain = new Domain();
    await domain.createRunning();
    expect(alertsOf(domain)).toEqual([]);
  });
});
