import { describe, expect, it } from 'vitest';
import { Domain } from '../../testing/domain.ts';

/** Lets the engine of an instance die; the instance gives up at once. */
async function fail(domain: Domain, id: string, status = 1): Promise<void> {
  domain.world.exit(id, status, domain.clock.now());
  await domain.settle();
}

describe('the changes that were tried', () => {
  it('are those with which the next run failed for the same cause', async () => {
    const domain = new Domain();
    const id = await domain.createRunning('a', { auto_restart: false, options: { threads: 4 } });
    await fail(domain, id);
    expect(domain.manager.triedChanges('a')).toEqual([]);
    await domain.manager.update('a', { options: { threads: 2 } }, { restart: false });
    expect(domain.manager.triedChanges('a')).toEqual([]);
    await domain.manager.start('a');
    await domain.settle();
    await fail(domain, id);
    expect(domain.manager.triedChanges('a')).toEqual([{ setting: 'options.threads', value: 2 }]);
    await domain.manager.update('a', { options: { threads: null, x: 1 } }, { restart: false });
    await domain.manager.start('a');
    await domain.settle();
    await fail(domain, id);
    expect(domain.manager.triedChanges('a')).toEqual([
      { setting: 'options.threads', value: undefined },
      { setting: 'options.x', value: 1 },
    ]);
  });

  it('name the model if only the files beside it are others', async () => {
    const domain = new Domain();
    const file = '/m/a.gguf';
    const model = { id: 'a', ref: 'a', name: 'a', path: file };
    domain.models.push(model);
    const id = await domain.createRunning('a', { auto_restart: false, model_path: file });
    await fail(domain, id);
    domain.models.splice(0, 1, { ...model, companions: [{ kind: 'projector', path: '/m/mmproj-a.gguf', size: 1 }] });
    await domain.manager.update('a', { model_path: file }, { restart: false });
    await domain.manager.start('a');
    await domain.settle();
    await fail(domain, id);
    expect(domain.manager.triedChanges('a')).toEqual([{ setting: 'model_path', value: file }]);
  });

  it('are none after an end for another cause', async () => {
    const domain = new Domain();
    const id = await domain.createRunning('a', { auto_restart: false, options: { threads: 4 } });
    await fail(domain, id);
    await domain.manager.update('a', { options: { threads: 2 } }, { restart: false });
    await domain.manager.start('a');
    await domain.settle();
    await fail(domain, id, 137);
    expect(domain.manager.triedChanges('a')).toEqual([]);
  });

  it('do not count a change that the failed run did not use', async () => {
    const domain = new Domain();
    const id = await domain.createRunning('a', { auto_restart: false, options: { threads: 4 } });
    await fail(domain, id);
    await domain.manager.start('a');
    await domain.settle();
    await domain.manager.update('a', { options: { threads: 2 } }, { restart: false });
    await fail(domain, id);
    expect(domain.manager.triedChanges('a')).toEqual([]);
  });
});
