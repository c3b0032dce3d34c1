import { beforeEach, describe, expect, it } from 'vitest';
import { Domain } from '../testing/domain.ts';

/** Instances that name a model instead of a file. */

const QWEN = { id: '00000000000000a1', ref: 'acme/Qwen-GGUF:Q4_K_M', name: 'Qwen-Q4_K_M', path: '/hub/qwen.gguf' };
const LLAMA = { id: '00000000000000b2', ref: null, name: 'llama', path: '/models/llama.gguf' };

let domain: Domain;

beforeEach(() => {
  domain = new Domain();
  domain.models.push(QWEN, LLAMA);
});

const refusal = (problem: string): unknown =>
  expect.objectContaining({
    code: 'VALIDATION_ERROR',
    extras: { problems: [{ path: 'model', message: expect.stringContaining(problem) as unknown }] },
  });

describe('create', () => {
  it.each(['acme/Qwen-GGUF:Q4_K_M', 'acme/qwen-gguf:q4_k_m', 'qwen-q4_k_m', QWEN.id])(
    'finds the file of %s, and keeps the word',
    async (model) => {
      const { instance } = await domain.manager.create({ name: 'a', model });
      expect(instance).toMatchObject({ model, model_path: QWEN.path });
      expect(domain.manager.list()).toMatchObject([{ model, model_path: QWEN.path }]);
    },
  );

  it('keeps both over a crash', async () => {
    await domain.manager.create({ name: 'a', model: 'llama' });
    const next = await domain.crash();
    await next.instances.boot();
    expect(next.manager.get('a')).toMatchObject({ model: 'llama', model_path: LLAMA.path });
  });

  it('refuses a model that this machine does not have', async () => {
    await expect(domain.manager.create({ name: 'a', model: 'gpt' })).rejects.toEqual(
      refusal('cannot be "gpt": this machine has no such model'),
    );
  });

  it('names the download of a model that a source may have', async () => {
    await expect(domain.manager.create({ name: 'a', model: 'org/repo:Q4_K_M' })).rejects.toEqual(
      refusal('to get it: llamactl pull org/repo:Q4_K_M'),
    );
  });

  it('names the setting for a file', async () => {
    await expect(domain.manager.create({ name: 'a', model: '/m.gguf' })).rejects.toEqual(
      refusal('cannot be "/m.gguf": this machine has no such model; give a file as model_path'),
    );
  });

  it('refuses a word for several models, and names their ids', async () => {
    domain.models.push({ ...LLAMA, id: '00000000000000c3', path: '/other/llama.gguf' });
    await expect(domain.manager.create({ name: 'a', model: 'llama' })).rejects.toEqual(
      refusal('give the id of one: 00000000000000b2 (/models/llama.gguf), 00000000000000c3 (/other/llama.gguf)'),
    );
  });

  it('refuses a model and a file together', async () => {
    await expect(domain.manager.create({ name: 'a', model: 'llama', model_path: '/m.gguf' })).rejects.toEqual(
      refusal('cannot be given together with model_path'),
    );
  });
});

describe('the companions of a model', () => {
  const projector = { kind: 'projector', path: '/hub/mmproj-f16.gguf', size: 2 } as const;
  const adapter = { kind: 'adapter', path: '/hub/lora.gguf', size: 1 } as const;
  const SEEING = { ...QWEN, id: '00000000000000d4', ref: null, name: 'seeing', path: '/hub/seeing.gguf' };
  const commandOf = (name: string): string => domain.manager.get(name).effective_command.join(' ');

  it('are in its launch: the smallest of several projectors', async () => {
    domain.models.push({ ...SEEING, companions: [{ ...projector, path: '/hub/mmproj-f32.gguf', size: 4 }, projector] });
    await domain.manager.create({ name: 'a', model: 'seeing' });
    expect(commandOf('a')).toContain('--projector /hub/mmproj-f16.gguf');
  });

  it('are an adapter only for a model of Ollama, whose manifest names it', async () => {
    domain.models.push({ ...SEEING, companions: [adapter] });
    domain.models.push({
      ...SEEING,
      id: 'o',
      name: 'tuned:1b',
      path: '/blob',
      source: 'ollama',
      companions: [adapter],
    });
    await domain.manager.create({ name: 'a', model: 'seeing' });
    await domain.manager.create({ name: 'b', model: 'tuned:1b' });
    expect(commandOf('a')).not.toContain('--adapter');
    expect(commandOf('b')).toContain('--adapter /hub/lora.gguf');
  });

  it('survive an update of other settings, and go with the model', async () => {
    domain.models.push({ ...SEEING, companions: [projector] });
    await domain.manager.create({ name: 'a', model: 'seeing' });
    await domain.manager.update('a', { options: { threads: 2 } }, { restart: false });
    expect(commandOf('a')).toContain('--projector');
    await domain.manager.update('a', { model: 'llama' }, { restart: false });
    expect(commandOf('a')).not.toContain('--projector');
  });

  it('come with its file too, but not a second time with a change of other settings', async () => {
    domain.models.push({ ...SEEING, companions: [projector] });
    await domain.manager.create({ name: 'a', model_path: '/hub/seeing.gguf' });
    expect(commandOf('a')).toContain('--projector /hub/mmproj-f16.gguf');
    expect(domain.manager.get('a').model).toBeUndefined();
    domain.models.splice(0, domain.models.length, SEEING);
    await domain.manager.update('a', { options: { threads: 2 } }, { restart: false });
    expect(commandOf('a')).toContain('--projector');
    const document = { version: 1 as const, instances: [{ name: 'a', model_path: '/hub/seeing.gguf' }] };
    const applied = await domain.instances.fleet.apply(document, { prune: false, dryRun: true });
    expect(applied).toMatchObject({ results: [{ action: 'change', changes: ['model_path', 'options.threads'] }] });
    await domain.manager.update('a', { model_path: '/hub/seeing.gguf' }, { restart: false });
    expect(commandOf('a')).not.toContain('--projector');
  });

  it.each([{ model: null }, { model_path: '/m.gguf' }])('go with the update %j', async (patch) => {
    domain.models.push({ ...SEEING, companions: [projector] });
    await domain.manager.create({ name: 'a', model: 'seeing' });
    await domain.manager.update('a', patch, { restart: false });
    expect(commandOf('a')).not.toContain('--projector');
  });

  it('are not in an export, and an apply of it finds them again', async () => {
    domain.models.push({ ...SEEING, companions: [projector] });
    await domain.manager.create({ name: 'a', model: 'seeing' });
    const { instances } = domain.instances.fleet.export();
    expect(JSON.stringify(instances)).not.toContain('mmproj');
    const again = await domain.instances.fleet.apply({ version: 1, instances }, { prune: false, dryRun: false });
    expect(again).toMatchObject({ results: [{ action: 'nothing' }] });
  });

  it('come with an apply, if the library has them only now', async () => {
    domain.models.push(SEEING);
    await domain.manager.create({ name: 'a', model: 'seeing' });
    domain.models.splice(0, domain.models.length, { ...SEEING, companions: [projector] });
    const document = { version: 1 as const, instances: [{ name: 'a', model: 'seeing' }] };
    const applied = await domain.instances.fleet.apply(document, { prune: false, dryRun: false });
    expect(applied).toMatchObject({ results: [{ action: 'change', changes: ['model'] }] });
    expect(commandOf('a')).toContain('--projector');
  });
});

describe('update', () => {
  beforeEach(() => domain.manager.create({ name: 'a', model: 'llama' }));

  it('replaces the file with that of another model', async () => {
    const { instance } = await domain.manager.update('a', { model: QWEN.ref }, { restart: false });
    expect(instance).toMatchObject({ model: QWEN.ref, model_path: QWEN.path });
  });

  it('forgets the model when a file is given', async () => {
    const { instance } = await domain.manager.update('a', { model_path: '/m.gguf' }, { restart: false });
    expect(instance).toMatchObject({ model_path: '/m.gguf' });
    expect(instance).not.toHaveProperty('model');
  });

  it('keeps the file when the model is removed', async () => {
    const { instance } = await domain.manager.update('a', { model: null }, { restart: false });
    expect(instance).toMatchObject({ model_path: LLAMA.path });
    expect(instance).not.toHaveProperty('model');
  });

  it('refuses an unknown model, and changes nothing', async () => {
    await expect(domain.manager.update('a', { model: 'gpt' }, { restart: false })).rejects.toEqual(
      refusal('cannot be "gpt"'),
    );
    expect(domain.manager.get('a')).toMatchObject({ model: 'llama', model_path: LLAMA.path });
  });
});

describe('the model of an instance in a list', () => {
  const info = { id: LLAMA.id, name: 'llama', quantization: 'Q8_0', size: 1_000, context: 4_096 };

  it('is the one of its file, also if the instance names the file', async () => {
    domain.models.push({ ...LLAMA, path: '/m.gguf', info });
    await domain.manager.create({ name: 'a', model_path: '/m.gguf' });
    expect(domain.manager.list()).toMatchObject([{ model_info: info }]);
    expect(domain.manager.get('a').model_info).toEqual(info);
  });

  it('follows the library, and leaves the row as it is while nothing changes', async () => {
    await domain.manager.create({ name: 'a', model_path: '/m.gguf' });
    const [before] = domain.manager.list();
    expect(before?.model_info).toBeNull();
    expect(domain.manager.list()[0]).toBe(before);
    domain.models.push({ ...LLAMA, path: '/m.gguf', info });
    const [after] = domain.manager.list();
    expect(after?.model_info).toBe(info);
    expect(domain.manager.list()[0]).toBe(after);
  });
});

describe('a model of the library with the file of another', () => {
  const base = { quantization: 'Q4_K_M', size: 1, context: 8 };
  const SMALL = { ...QWEN, id: 'a', ref: 'ollama:qwen:1b', name: 'qwen:1b', path: '/blob' };
  const TUNED = { ...SMALL, id: 'b', ref: 'ollama:tuned:1b', name: 'tuned:1b' };

  it('is the model of an instance that names it', async () => {
    for (const model of [SMALL, TUNED])
      domain.models.push({ ...model, info: { ...base, id: model.id, name: model.name } });
    await domain.manager.create({ name: 'a', model: 'qwen:1b' });
    await domain.manager.create({ name: 'b', model: 'ollama:tuned:1b' });
    expect(domain.manager.list().map(({ model_info: info }) => info?.name)).toEqual(['qwen:1b', 'tuned:1b']);
    expect(domain.manager.get('b').model_info?.name).toBe('tuned:1b');
  });
});

describe('a model whose file was replaced in the library', () => {
  const NEW = { ...QWEN, path: '/hub/qwen-2.gguf' };

  it('is named in the instance, until an update takes it', async () => {
    await domain.manager.create({ name: 'a', model: QWEN.ref });
    expect(domain.manager.get('a')).not.toHaveProperty('newer_model_path');
    domain.models.splice(0, domain.models.length, NEW);
    expect(domain.manager.get('a')).toMatchObject({ model_path: QWEN.path, newer_model_path: NEW.path });
    await domain.manager.update('a', { model: QWEN.ref }, { restart: false });
    expect(domain.manager.get('a')).toMatchObject({ model_path: NEW.path });
    expect(domain.manager.get('a')).not.toHaveProperty('newer_model_path');
  });

  it('concerns no instance that names a file', async () => {
    await domain.manager.create({ name: 'a', model_path: QWEN.path });
    domain.models.splice(0, domain.models.length, NEW);
    expect(domain.manager.get('a')).not.toHaveProperty('newer_model_path');
  });
});

describe('a fleet', () => {
  const apply = (
    instances: Parameters<typeof domain.manager.create>[0][],
  ): ReturnType<typeof domain.instances.fleet.apply> =>
    domain.instances.fleet.apply({ version: 1, instances }, { prune: false, dryRun: false });

  it('is exported with the model and without its file, and applied to the same instance without a change', async () => {
    await domain.manager.create({ name: 'a', model: 'llama' });
    const { instances } = domain.instances.fleet.export();
    expect(instances).toEqual([{ name: 'a', engine: 'llama_cpp', model: 'llama' }]);
    expect((await apply(instances)).results).toMatchObject([{ name: 'a', action: 'nothing' }]);
  });

  it('follows a model to its new file', async () => {
    await domain.manager.create({ name: 'a', model: 'llama' });
    domain.models.splice(0, 2, { ...LLAMA, path: '/disk2/llama.gguf' });
    const { results } = await apply(domain.instances.fleet.export().instances);
    expect(results).toMatchObject([{ name: 'a', action: 'change', changes: ['model_path'] }]);
    expect(domain.manager.get('a').model_path).toBe('/disk2/llama.gguf');
  });

  it('is refused as a whole if models are unknown, and each entry is named', async () => {
    const entries = [
      { name: 'a', model: 'gpt' },
      { name: 'b', model: 'llama' },
      { name: 'c', model: 'grok' },
    ];
    await expect(apply(entries)).rejects.toMatchObject({
      extras: { problems: [{ path: 'instances[0].model' }, { path: 'instances[2].model' }] },
    });
    expect(domain.manager.list()).toEqual([]);
  });
});

it('a context larger than that of the model gets a warning, when it is created and when it is changed', async () => {
  const info = { id: LLAMA.id, name: LLAMA.name, quantization: null, size: 1, context: 8_192 };
  domain.models.splice(0, 2, { ...LLAMA, info });
  const warning = expect.stringContaining('more than the 8192 tokens') as unknown;
  const { warnings } = await domain.manager.create({ name: 'a', model: 'llama', options: { ctx_size: 200_000 } });
  expect(warnings).toEqual([warning]);
  const change = { options: { ctx_size: 300_000 } };
  expect((await domain.manager.update('a', change, { restart: false })).warnings).toEqual([warning]);
});
