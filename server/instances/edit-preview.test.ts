import { beforeEach, describe, expect, it } from 'vitest';
import { Domain } from '../testing/domain.ts';
import type { InstanceManager } from './use-cases.ts';

let domain: Domain;
let manager: InstanceManager;

beforeEach(async () => {
  domain = new Domain();
  ({ manager } = domain);
  await domain.create('taken', { port: 9_000, aliases: ['gpt'] });
});

describe('a preview of a create', () => {
  it('shows the instance and its command, and creates nothing', async () => {
    const { instance, preview } = await manager.previewCreate({
      name: 'new',
      model_path: '/m.gguf',
      options: { threads: 8 },
    });
    expect(instance).toMatchObject({ name: 'new', status: 'stopped', options: { threads: 8 } });
    expect(preview).toMatchObject({ problems: [], restart_required: false });
    expect(preview.changes).toEqual(['options.threads', 'model_path']);
    expect(preview.effective_command).toContain('--threads=8');
    expect(preview.effective_command).toContain(String(instance.port));
    expect(manager.list().map(({ name }) => name)).toEqual(['taken']);
    expect((await domain.store.load()).map(({ record }) => record.name)).toEqual(['taken']);
  });

  it('takes no port from an instance that is created next', async () => {
    const { instance } = await manager.previewCreate({ name: 'new', model_path: '/m.gguf' });
    const created = await manager.create({ name: 'other', model_path: '/m.gguf' });
    expect(created.instance.port).toBe(instance.port);
  });

  it('has all problems at once: of settings, of names and of the port', async () => {
    domain.adapter.problems = [{ code: 'RESERVED_OPTION', path: 'options.host', message: 'is set by llamactl' }];
    const { preview } = await manager.previewCreate({ name: 'TAKEN', port: 9_000, aliases: ['gpt'] });
    expect(preview.problems.map(({ path }) => path)).toEqual([
      'model_path',
      'options.host',
      'name',
      'aliases[0]',
      'port',
    ]);
  });

  it.each([
    [{ name: 'new', engine: 'nowhere', model_path: '/m.gguf' }, 'engine'],
    [{ name: 'new', model: 'unknown' }, 'model'],
  ])('has the problem of %j', async (body, path) => {
    const { preview } = await manager.previewCreate(body);
    expect(preview.problems.map((problem) => problem.path)).toContain(path);
  });

  it('does not warn of a missing model as well', async () => {
    domain.adapter.startProblem = { code: 'MODEL_NOT_FOUND', message: 'the instance has no `model_path`' };
    const { preview } = await manager.previewCreate({ name: 'new' });
    expect(preview.problems.map(({ path }) => path)).toEqual(['model_path']);
    expect(preview.warnings).toEqual([]);
  });

  it('warns as the create would', async () => {
    domain.adapter.startProblem = { code: 'MODEL_NOT_FOUND', message: 'the model file /m.gguf does not exist' };
    const body = { name: 'new', model_path: '/m.gguf', group: 'nowhere' };
    const { preview } = await manager.previewCreate(body);
    expect(preview.warnings).toEqual((await manager.create(body)).warnings);
    expect(preview.warnings).toHaveLength(2);
  });
});

describe('a preview with a fixed port', () => {
  beforeEach(() => {
    domain.world.foreignPorts.set(9_000, { pid: 77, description: 'nginx (pid 77)' });
    domain.world.foreignPorts.set(9_100, { pid: 77, description: 'nginx (pid 77)' });
  });

  it('warns of another process on the port', async () => {
    const created = await manager.previewCreate({ name: 'new', model_path: '/m.gguf', port: 9_100 });
    expect(created.preview).toMatchObject({ problems: [], warnings: [expect.stringMatching(/^Port 9100 is in use/)] });
    const updated = await manager.previewUpdate('taken', { port: 9_100 }, { restart: false });
    expect(updated.preview.warnings).toEqual([expect.stringMatching(/^Port 9100 is in use/)]);
  });

  it('does not warn of the port that it has, nor of one that is refused', async () => {
    const updated = await manager.previewUpdate('taken', { group: 'big' }, { restart: false });
    expect(updated.preview.warnings).not.toContainEqual(expect.stringMatching(/^Port/));
    const created = await manager.previewCreate({ name: 'new', model_path: '/m.gguf', port: 9_000 });
    expect(created.preview.warnings).toEqual([]);
  });
});

describe('a preview of an update', () => {
  it('shows what would change, and whether a restart is needed', async () => {
    await domain.createRunning('chat', { options: { threads: 4, ctx_size: 512 } });
    const patch = { options: { threads: 8, ctx_size: null }, port: 9_100 };
    const { instance, preview } = await manager.previewUpdate('chat', patch, { restart: false });
    expect(preview).toMatchObject({ problems: [], restart_required: true });
    expect(preview.changes).toEqual(['port', 'options.threads', 'options.ctx_size']);
    expect(preview.effective_command).toContain('--threads=8');
    expect(instance).toMatchObject({ port: 9_100, status: 'running' });
    expect(manager.get('chat')).toMatchObject({ options: { threads: 4, ctx_size: 512 }, restart_required: false });
  });

  it('has no change if nothing would differ', async () => {
    const { preview } = await manager.previewUpdate('taken', { options: {} }, { restart: false });
    expect(preview).toMatchObject({ changes: [], problems: [], restart_required: false });
  });

  it('has the problems of the new settings', async () => {
    await domain.create('chat');
    const patch = { aliases: ['taken'], port: 9_000, name: 'renamed' };
    const { preview } = await manager.previewUpdate('chat', patch, { restart: false });
    expect(preview.problems.map(({ path }) => path)).toEqual(['name', 'aliases[0]', 'port']);
    const { preview: other } = await manager.previewUpdate('chat', { engine: 'nowhere' }, { restart: false });
    expect(other.problems.map(({ path }) => path)).toEqual(['engine']);
  });

  it('with a restart has the reason for which the start would be refused', async () => {
    await domain.createRunning('chat');
    domain.adapter.startProblem = { code: 'MODEL_NOT_FOUND', message: 'the model file is gone' };
    const { preview } = await manager.previewUpdate('chat', {}, { restart: true });
    expect(preview.problems).toEqual([{ path: '', message: 'the model file is gone' }]);
  });

  it('is refused for an outdated version, and for an unknown instance', async () => {
    const outdated = manager.previewUpdate('taken', {}, { restart: false, ifMatch: '"old"' });
    await expect(outdated).rejects.toMatchObject({ code: 'PRECONDITION_FAILED' });
    await expect(manager.previewUpdate('gone', {}, { restart: false })).rejects.toMatchObject({
      code: 'INSTANCE_NOT_FOUND',
    });
  });
});
