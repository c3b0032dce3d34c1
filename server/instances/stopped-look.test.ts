import type { RefusedStart } from '@llamactl/contract/refused-start';
import { describe, expect, it, vi } from 'vitest';
import { Domain } from '../testing/domain.ts';

const NO_FILE = { code: 'MODEL_NOT_FOUND', message: 'the model file /m.gguf does not exist' } as const;
const refused = (domain: Domain, name = 'a'): RefusedStart | null => domain.manager.get(name).refused;

/** An instance `a` that needs more memory than the machine has. */
async function tooLarge(): Promise<Domain> {
  const domain = new Domain(undefined, { machine: { ram: 1_000 } });
  domain.machine?.models.set('/m.gguf', { ram: 2_000 });
  await domain.create('a');
  return domain;
}

describe('a look at stopped instances', () => {
  it('finds a missing model file without a start, and publishes no refused start', async () => {
    const domain = new Domain();
    await domain.create('a');
    domain.adapter.startProblem = NO_FILE;
    expect(await domain.instances.lookAtStopped('files')).toBe(true);
    expect(domain.manager.list()).toMatchObject([{ status: 'stopped', refused: NO_FILE }]);
    expect(domain.events.events.map(({ type }) => type)).toEqual(['instance_created']);
  });

  it('finds only that of one instance, if asked for it', async () => {
    const domain = new Domain();
    await domain.create('a');
    await domain.create('b');
    domain.adapter.startProblem = NO_FILE;
    expect(await domain.instances.lookAtStopped('files', 'b')).toBe(true);
    expect(domain.manager.list().map((each) => each.refused?.code)).toEqual([undefined, NO_FILE.code]);
  });

  it('changes nothing if it finds the reason that is known', async () => {
    const domain = new Domain();
    await domain.create('a');
    domain.adapter.startProblem = NO_FILE;
    await domain.instances.lookAtStopped('files');
    const before = refused(domain);
    await domain.clock.advance(60_000);
    expect(await domain.instances.lookAtStopped('files')).toBe(false);
    expect(refused(domain)).toBe(before);
  });

  it('forgets a refusal when the file is back', async () => {
    const domain = new Domain();
    await domain.create('a');
    domain.adapter.startProblem = NO_FILE;
    await expect(domain.manager.start('a')).rejects.toThrow('does not exist');
    domain.adapter.startProblem = null;
    expect(await domain.instances.lookAtStopped('files')).toBe(true);
    expect(refused(domain)).toBe(null);
  });

  it('finds a model that can never fit, only if it examines the memory', async () => {
    const domain = await tooLarge();
    expect(await domain.instances.lookAtStopped('files')).toBe(false);
    expect(await domain.instances.lookAtStopped('memory')).toBe(true);
    const error: unknown = await domain.manager.start('a').catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'DOES_NOT_FIT', message: refused(domain)?.message });
  });

  it('at files leaves a refusal for memory', async () => {
    const domain = await tooLarge();
    await domain.instances.lookAtStopped('memory');
    expect(await domain.instances.lookAtStopped('files')).toBe(false);
    expect(refused(domain)).toMatchObject({ code: 'DOES_NOT_FIT' });
  });

  it('leaves a refusal for full slots, and a model that fits when others stop', async () => {
    const domain = new Domain(undefined, { settings: { max_running: 1 }, machine: { ram: 1_000 } });
    domain.machine?.models.set('/m.gguf', { ram: 800 });
    await domain.createRunning('b');
    await domain.create('a');
    await domain.manager.startAll(['a']);
    expect(await domain.instances.lookAtStopped('memory')).toBe(false);
    expect(refused(domain)).toMatchObject({ code: 'CAPACITY_EXCEEDED' });
  });

  it('ignores running instances', async () => {
    const domain = new Domain();
    await domain.createRunning('a');
    domain.adapter.startProblem = NO_FILE;
    expect(await domain.instances.lookAtStopped('memory')).toBe(false);
    expect(refused(domain)).toBe(null);
  });

  it('measures the memory once for many instances', async () => {
    const domain = new Domain(undefined, { machine: { ram: 1_000 } });
    for (const name of ['a', 'b', 'c']) await domain.create(name);
    const read = vi.spyOn(domain.machine ?? expect.fail(), 'read');
    await domain.instances.lookAtStopped('memory');
    expect(read).toHaveBeenCalledTimes(1);
  });
});
