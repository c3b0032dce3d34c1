import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { EngineAdapter } from '../instances/ports/engine-adapter.ts';
import type { Settings } from '../instances/ports/instance-record.ts';
import { engineAdapterContract, engineRecord } from '../testing/contracts/engine.contract.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { helpCatalogue } from './fixtures/help.ts';
import { words } from './fixtures/words.ts';
import type { FlagCatalogues, Launcher } from './flag-catalogue.ts';
import { encodeGguf } from '../../cli/quickstart/gguf-file.ts';
import { type LlamaCppConfig, llamaCpp } from './llama-cpp.ts';
import { suggestion } from '../suggestion.ts';

vi.mock('../suggestion.ts', { spy: true });

const catalogue = helpCatalogue();
const CONFIG: LlamaCppConfig = { command: 'llama-server', args: [], environment: {} };

interface Terms {
  config?: Partial<LlamaCppConfig>;
  allowPrivileged?: boolean;
  /** Whether the engine's flags can be read. */
  readable?: boolean;
  /** The command that answers; left out: any. */
  asked?: string;
  loaded?: Launcher[];
}

function adapterWith({
  config,
  allowPrivileged = false,
  readable = true,
  asked,
  loaded = [],
}: Terms = {}): EngineAdapter {
  const catalogues: FlagCatalogues = {
    known: ({ command }) => (readable && command === (asked ?? command) ? catalogue : null),
    isLearnt: ({ command }) => command === (asked ?? command),
    loads: () => 0,
    learn: () => Promise.resolve(),
    version: () => 'b11669',
    load: (launcher) => {
      loaded.push(launcher);
      return Promise.resolve(
        readable ? { catalogue, warning: null } : { catalogue: null, warning: 'there is no llama-server' },
      );
    },
  };
  const findProgram = (command: string, searchPath: string): Promise<string> =>
    command.startsWith('missing')
      ? Promise.reject(new Error(`${command} was not found on ${searchPath}`))
      : Promise.resolve(`/bin/${command}`);
  return llamaCpp({
    readText: async () => null,
    devices: { of: async () => [] },
    clock: new FakeClock(),
    config: { ...CONFIG, ...config },
    catalogues,
    findProgram,
    searchPath: '/usr/bin',
    contextFolder: (id) => `/data/instances/${id}/context`,
    allowPrivileged,
  });
}

let folder: string;
let model: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'llamactl-engine-'));
  model = path.join(folder, 'a.gguf');
  await writeFile(model, encodeGguf(new Map(), []));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

describe('the companions of a model', () => {
  it('are in the launch, after the model', () => {
    const record = engineRecord({ model_path: '/m.gguf', companions: { projector: '/p.gguf' } });
    expect(adapterWith().plan(record).argv.join(' ')).toMatch(/^--model \/m\.gguf --mmproj \/p\.gguf --host /);
  });

  it('are checked before a start', async () => {
    const record = engineRecord({ model_path: model, companions: { projector: path.join(folder, 'gone.gguf') } });
    const adapter = adapterWith();
    expect(await adapter.preflight(record, adapter.plan(record))).toMatchObject({
      code: 'MODEL_NOT_FOUND',
      message: expect.stringContaining('gone.gguf') as unknown,
    });
  });
});

engineAdapterContract('llama-server', () => ({
  adapter: adapterWith(),
  startable: engineRecord({ model_path: model }),
}));

describe('the plan for llama-server', () => {
  const planOf = (settings: Partial<Settings>, terms?: Terms) =>
    adapterWith(terms).plan(engineRecord({ model_path: '/m/a.gguf', ...settings }));

  it('orders the arguments: configuration, llamactl, options, extra_args', () => {
    const plan = planOf(
      {
        options: { context_size: 2_048, threads: 4, perf: false },
        extra_args: ['--temp', '0'],
        environment: { B: '2', C: '3' },
      },
      { config: { command: '/opt/llama-server', args: ['--offline'], environment: { A: '1', B: '1' } } },
    );
    expect(plan).toEqual({
      command: '/opt/llama-server',
      argv: words(`
        --offline --model /m/a.gguf --host 127.0.0.1 --port 8123 --alias one --log-verbosity 4
        --ctx-size 2048 --threads 4 --no-perf --temp 0
      `),
      environment: { A: '1', B: '2', C: '3' },
      keyVariable: 'LLAMA_API_KEY',
      port: 8_123,
      healthPath: '/health',
    });
  });

  it.each<Partial<Settings>>([
    { options: { log_verbosity: 2 } },
    { options: { verbosity: 0 } },
    { options: { lv: 1 } },
    { options: { verbose: true } },
    { extra_args: ['--log_verbosity', '1'] },
    { extra_args: ['-lv', '1'] },
    { extra_args: ['-v'] },
    { environment: { LLAMA_ARG_LOG_VERBOSITY: '1' } },
  ])('keeps the verbosity when it is set: %j', (settings) => {
    expect(planOf(settings).argv.join(' ')).not.toContain('--log-verbosity 4');
  });

  it('keeps the verbosity of the configuration', () => {
    expect(planOf({}, { config: { args: ['-lv', '1'] } }).argv).not.toContain('--log-verbosity');
    expect(planOf({}, { config: { environment: { LLAMA_ARG_LOG_VERBOSITY: '1' } } }).argv).not.toContain(
      '--log-verbosity',
    );
  });

  it("begins with the instance's command if it has one", () => {
    const plan = planOf({ command: ['taskset', '-c', '0', 'llama-server'] }, { config: { args: ['--offline'] } });
    expect(plan.command).toBe('taskset');
    expect(plan.argv.slice(0, 5)).toEqual(['-c', '0', 'llama-server', '--model', '/m/a.gguf']);
  });

  it('turns off prompt caching for an isolated instance, after all other arguments', () => {
    const plan = planOf({ isolated: true, extra_args: ['--cache-prompt'] });
    expect(plan.argv.slice(-6)).toEqual(
      words('--cache-prompt --no-cache-prompt --cache-ram 0 --slot-prompt-similarity 0'),
    );
    expect(plan.isolated).toBe(true);
    expect(planOf({ isolated: false })).toEqual(planOf({}));
  });

  it('does not change for an isolated instance with unknown flags, whose bodies are changed instead', () => {
    expect(planOf({ isolated: true }, { readable: false })).toEqual(planOf({}, { readable: false }));
  });

  it('names the files that decide the context, and where its folder stands in the arguments', () => {
    const settings = { keep_context: 'auto', options: { mmproj: '/m/p.gguf' } } as const;
    const plan = adapterWith().plan(engineRecord({ ...settings, model_path: '/m/a-00001-of-00002.gguf' }));
    const { folder = '', at = 0, files } = plan.context ?? {};
    expect(plan.argv.slice(at, at + 2)).toEqual(['--slot-save-path', folder]);
    expect(folder).toMatch(/^\/data\/instances\/.+\/context$/);
    expect(files).toEqual(['/m/a-00001-of-00002.gguf', '/m/a-00002-of-00002.gguf', '/m/p.gguf']);
    expect(planOf({ keep_context: 'off' })).toEqual(planOf({}));
  });

  it('is a guess for an instance that keeps its context until the flags were read', () => {
    const { settings } = engineRecord({ keep_context: 'auto' });
    expect(adapterWith({ asked: 'other' }).isLearnt(settings)).toBe(false);
    expect(adapterWith().isLearnt(settings)).toBe(true);
  });

  it('is a guess for an isolated instance until the flags were read', () => {
    expect(adapterWith({ asked: 'other' }).isLearnt(engineRecord({ isolated: true }).settings)).toBe(false);
    expect(adapterWith().isLearnt(engineRecord({ isolated: true }).settings)).toBe(true);
  });

  it("works without the engine's help", () => {
    expect(planOf({ options: { ctx_size: 5, kv_offload: false } }, { readable: false }).argv.slice(-3)).toEqual([
      '--ctx-size',
      '5',
      '--no-kv-offload',
    ]);
  });
});

describe('checking settings for llama-server', () => {
  const check = (settings: Partial<Settings>, terms?: Terms) =>
    adapterWith(terms).check(engineRecord(settings).settings);

  it('reports all problems: reserved, privileged, twins, typos', async () => {
    const { problems } = await check({
      options: { host: 'x', mcp_servers_json: '{}', ctx_size: 1, context_size: 1, thraeds: 1 },
      extra_args: ['--path=/etc'],
      environment: { AIP_HTTP_PORT: '1', LLAMA_ARG_TOOLS: 'all' },
      command: ['sh'],
    });
    expect(problems.map(({ code, path: place }) => `${code} ${place}`)).toEqual([
      'PRIVILEGED_OPTION command',
      'RESERVED_OPTION options.host',
      'PRIVILEGED_OPTION options.mcp_servers_json',
      'VALIDATION_ERROR options.context_size',
      'VALIDATION_ERROR options.thraeds',
      'PRIVILEGED_OPTION extra_args.0',
      'RESERVED_OPTION environment.AIP_HTTP_PORT',
      'PRIVILEGED_OPTION environment.LLAMA_ARG_TOOLS',
    ]);
  });

  it('stops at 100 problems and at as many suggestions', async () => {
    const options = Object.fromEntries(Array.from({ length: 40_000 }, (_, index) => [`thraeds${index}`, 1]));
    const asked = vi.mocked(suggestion);
    asked.mockClear();
    expect((await check({ options })).problems).toHaveLength(100);
    expect(asked.mock.calls.length).toBeLessThanOrEqual(100);
  });

  it('stops at 100 warnings too, and reports where', async () => {
    const asked = vi.mocked(suggestion);
    asked.mockClear();
    const { warnings } = await check({ extra_args: Array.from({ length: 40_000 }, (_, index) => `--thraeds${index}`) });
    expect(warnings).toHaveLength(101);
    expect(warnings.at(-1)).toBe('extra_args: checking stopped at extra_args.100');
    expect(asked.mock.calls.length).toBeLessThanOrEqual(100);
  });

  it('refuses `keep_context` together with `isolated`', async () => {
    const { problems } = await check({ keep_context: 'auto', isolated: true });
    expect(problems.map(({ path: place }) => place)).toEqual(['keep_context']);
    expect((await check({ keep_context: 'off', isolated: true })).problems).toEqual([]);
  });

  it('warns of settings with which no context is kept', async () => {
    expect((await check({ keep_context: 'auto' })).warnings).toEqual([]);
    const { warnings } = await check({ keep_context: 'auto', extra_args: ['--slot-save-path', '/own'] });
    expect(warnings).toContain('keep_context keeps nothing: `slot_save_path` gives the engine another folder');
  });

  it('refuses settings that contradict `isolated`', async () => {
    const settings = {
      options: { cache_prompt: true, cram: 100, slot_prompt_similarity: 0.5, ctx_size: 1 },
      request_defaults: { id_slot: 1, cache_prompt: true, top_k: 1 },
    };
    const { problems } = await check({ ...settings, isolated: true });
    expect(problems.map(({ path: place }) => place)).toEqual([
      'options.cache_prompt',
      'options.cram',
      'options.slot_prompt_similarity',
      'request_defaults.cache_prompt',
      'request_defaults.id_slot',
    ]);
    expect((await check(settings)).problems).toEqual([]);
  });

  it('reports one problem for each option', async () => {
    expect((await check({ options: { grammar_file: true } })).problems).toMatchObject([{ code: 'PRIVILEGED_OPTION' }]);
  });

  it('reports a bad value of a privileged option where privileges are allowed', async () => {
    const { problems } = await check(
      { options: { grammar_file: true, path: '/srv' }, command: ['sh'] },
      { allowPrivileged: true },
    );
    expect(problems).toMatchObject([{ code: 'VALIDATION_ERROR', path: 'options.grammar_file' }]);
  });

  it('warns about an unknown flag in extra_args', async () => {
    expect(await check({ extra_args: ['--bogus'] })).toEqual({
      problems: [],
      warnings: ['extra_args.0: `--bogus` is not a flag of this engine'],
    });
  });

  it('warns instead of refusing options when the help cannot be read', async () => {
    expect(await check({ options: { whatever: 1 } }, { readable: false })).toEqual({
      problems: [],
      warnings: ['options are not checked: there is no llama-server'],
    });
    expect(await check({}, { readable: false })).toEqual({ problems: [], warnings: [] });
  });

  it('detects twins by the flags of the program that runs it', () => {
    const { settings } = engineRecord({ options: { c: 1 }, command: ['own'] });
    expect(adapterWith({ asked: 'own' }).withoutTwins(settings, ['ctx_size'])).toEqual({});
    expect(adapterWith({ asked: 'llama-server' }).withoutTwins(settings, ['ctx_size'])).toEqual({ c: 1 });
  });

  it("makes the plan a guess until the program's flags were read", () => {
    const adapter = adapterWith({ asked: 'own' });
    expect(adapter.isLearnt(engineRecord({ options: { c: 1 }, command: ['own'] }).settings)).toBe(true);
    expect(adapter.isLearnt(engineRecord({ options: { c: 1 } }).settings)).toBe(false);
    expect(adapter.isLearnt(engineRecord({ options: {} }).settings)).toBe(true);
  });

  it('still refuses reserved, privileged and twin options when the help cannot be read', async () => {
    const { problems } = await check(
      { options: { port: 1, path: '/', gpu_layers: 1, n_gpu_layers: 1 } },
      { readable: false },
    );
    expect(problems.map(({ code }) => code)).toEqual(['RESERVED_OPTION', 'PRIVILEGED_OPTION', 'VALIDATION_ERROR']);
  });

  it("reads flags of the instance's own command only where that may run", async () => {
    const command = ['/opt/other', 'serve'];
    const refused: Launcher[] = [];
    await check({ command }, { loaded: refused });
    expect(refused).toEqual([{ command: 'llama-server', args: [] }]);
    const allowed: Launcher[] = [];
    await check({ command }, { loaded: allowed, allowPrivileged: true });
    expect(allowed).toEqual([{ command: '/opt/other', args: ['serve'] }]);
  });
});

describe('preflight of llama-server', () => {
  const preflight = (settings: Partial<Settings>, terms?: Terms) => {
    const adapter = adapterWith(terms);
    const record = engineRecord({ model_path: model, ...settings });
    return adapter.preflight(record, adapter.plan(record));
  };

  it('reports a missing engine, and where to set it', async () => {
    expect(await preflight({}, { config: { command: 'missing-engine' } })).toEqual({
      code: 'ENGINE_NOT_FOUND',
      message:
        'missing-engine was not found on /usr/bin; set `engines.llama_cpp.command` in the configuration to the path of llama-server, or get one with `llamactl quickstart`',
    });
    const own = { command: ['missing'], environment: { PATH: '/own' } };
    expect((await preflight(own, { allowPrivileged: true }))?.message).toBe(
      'missing was not found on /own; set its `command` to the path of llama-server',
    );
  });

  it('reports a missing model', async () => {
    expect(await preflight({ model_path: '/nowhere/a.gguf' })).toEqual({
      code: 'MODEL_NOT_FOUND',
      message: 'the model file /nowhere/a.gguf does not exist',
    });
  });

  it.each<[Partial<Settings>, string]>([
    [{ options: { mmproj: '/no/p.gguf' } }, '/no/p.gguf'],
    [{ options: { model_draft: '/no/d.gguf' } }, '/no/d.gguf'],
    [{ extra_args: ['-md', '/no/d.gguf'] }, '/no/d.gguf'],
    [{ options: { lora: ['MODEL', '/no/l.gguf'] } }, '/no/l.gguf'],
    [{ extra_args: ['--lora_scaled', 'MODEL:0.5,/no/s.gguf:2'] }, '/no/s.gguf'],
    [{ options: { lora: '/dev/null' } }, '/dev/null'],
    [{ options: { mmproj: import.meta.filename } }, 'is not a GGUF file'],
    [{ environment: { LLAMA_ARG_MMPROJ: '/dev/zero' } }, '/dev/zero is not a regular file'],
  ])('reports a missing or invalid file besides the model: %j', async (settings, file) => {
    const filled = JSON.parse(JSON.stringify(settings).replaceAll('MODEL', model)) as Partial<Settings>;
    const problem = await preflight(filled);
    expect(problem?.code).toBe('MODEL_NOT_FOUND');
    expect(problem?.message).toContain(file);
  });

  it.each([
    [{ LLAMA_ARG_MMPROJ: '/no/p.gguf' }, '/no/p.gguf'],
    [{ LLAMA_ARG_MODEL_DRAFT: '/no/d.gguf' }, '/no/d.gguf'],
    [{ LLAMA_ARG_SPEC_DRAFT_MODEL: import.meta.filename }, 'is not a GGUF file'],
    [{ LLAMA_ARG_LORA: 'MODEL,/no/l.gguf' }, '/no/l.gguf'],
    [{ LLAMA_ARG_LORA_SCALED: '/no/s.gguf:2' }, '/no/s.gguf'],
  ])("reports such a file in a flag's variable, also with unknown flags: %j", async (environment, file) => {
    const filled = JSON.parse(JSON.stringify(environment).replaceAll('MODEL,', `${model},`)) as Record<string, string>;
    expect((await preflight({ environment: filled }, { readable: false }))?.message).toContain(file);
  });

  it('refuses a stored variable that may not be set, and names it', async () => {
    expect(await preflight({ environment: { OMP_NUM_THREADS: '2', FLEXIBLAS: 'x' } })).toMatchObject({
      code: 'PRIVILEGED_OPTION',
      message: expect.stringMatching(/^the stored variable `FLEXIBLAS` is not on the list of variables/) as string,
    });
    expect(
      (await preflight({ environment: { FLEXIBLAS: 'x', HF_HOME: '/x', OMP_NUM_THREADS: 'many' } }))?.message,
    ).toBe(
      'the stored variables `FLEXIBLAS`, `HF_HOME`, `OMP_NUM_THREADS` may not be set: `FLEXIBLAS`, `HF_HOME` each is not on the list of variables for this engine; the configuration file can set other variables in `environment` of the engine, or allow them with `security.allow_privileged: true`; `OMP_NUM_THREADS` takes a number, or numbers with commas; other values need `security.allow_privileged: true` in the configuration file',
    );
    expect(await preflight({ environment: { AIP_MODE: 'x' } })).toMatchObject({ code: 'RESERVED_OPTION' });
    expect(await preflight({ environment: { FLEXIBLAS: 'x' } }, { allowPrivileged: true })).toBeNull();
    expect(await preflight({ environment: { AIP_MODE: 'x' } }, { allowPrivileged: true })).not.toBeNull();
  });

  it('finds no problem when all files exist', async () => {
    expect(await preflight({ options: { lora: [model], lora_scaled: `${model}:0.5`, mmproj: model } })).toBeNull();
  });
});
