import { describe, expect, it } from 'vitest';
import type { EngineAdapter } from '../instances/ports/engine-adapter.ts';
import type { Settings } from '../instances/ports/instance-record.ts';
import { engineAdapterContract, engineRecord } from '../testing/contracts/engine.contract.ts';
import { type CustomConfig, customEngine } from './custom.ts';
import { words } from './fixtures/words.ts';

const CONFIG: CustomConfig = {
  command: '/opt/whisper',
  args: ['--listen', '${HOST}:${PORT}', '--weights', '${MODEL_PATH}', '--title', '${NAME} ${OTHER}'],
  environment: { A: '1' },
  health_path: '/ready',
};

function adapterWith(config: CustomConfig | null, allowPrivileged = false): EngineAdapter {
  const findProgram = (command: string): Promise<string> =>
    command.startsWith('/opt/') ? Promise.resolve(command) : Promise.reject(new Error(`${command} does not exist`));
  return customEngine({ name: 'whisper', config, findProgram, searchPath: '/usr/bin', allowPrivileged });
}

const settingsOf = (settings: Partial<Settings>): Settings => engineRecord({ engine: 'whisper', ...settings }).settings;

engineAdapterContract('a custom engine of the configuration', () => ({
  adapter: adapterWith({ ...CONFIG, args: ['--port', '${PORT}'] }),
  startable: engineRecord({ engine: 'whisper' }),
}));

engineAdapterContract('the engine that instances bring', () => ({
  adapter: adapterWith(null, true),
  startable: engineRecord({ engine: 'custom', command: ['/opt/own', '--port=${PORT}'] }),
}));

describe('the plan for a custom engine', () => {
  it('fills in address, model and name, without recursion', () => {
    const record = engineRecord({
      model_path: '/m/${PORT}',
      options: { max_len: 5, fast: true, slow: false, context_size: 1, tag: ['a', 'b'] },
      extra_args: ['--also', '${PORT}'],
      environment: { B: '2' },
    });
    expect(adapterWith(CONFIG).plan(record)).toEqual({
      command: '/opt/whisper',
      argv: [
        '--listen',
        '127.0.0.1:8123',
        '--weights',
        '/m/${PORT}',
        '--title',
        'one ${OTHER}',
        ...words('--max-len 5 --fast --no-slow --context-size 1 --tag a --tag b --also 8123'),
      ],
      environment: { A: '1', B: '2', HOST: '127.0.0.1', PORT: '8123' },
      keyVariable: null,
      port: 8_123,
      healthPath: '/ready',
    });
  });

  it("begins with the instance's command if it has one", () => {
    const plan = adapterWith(CONFIG, true).plan(engineRecord({ command: ['/opt/${NAME}', '${PORT}'] }));
    expect([plan.command, ...plan.argv]).toEqual(['/opt/one', '8123']);
  });

  it('probes /health by default', () => {
    expect(adapterWith(null).plan(engineRecord({ command: ['/opt/x'] })).healthPath).toBe('/health');
  });
});

describe('checking settings for a custom engine', () => {
  const check = async (settings: Partial<Settings>, adapter = adapterWith(CONFIG)): Promise<string[]> => {
    const { problems } = await adapter.check(settingsOf({ model_path: '/m', ...settings }));
    return problems.map(({ code, path }) => `${code} ${path}`);
  };

  it('refuses a command unless privileges are allowed', async () => {
    expect(await check({ command: ['sh'] })).toEqual(['PRIVILEGED_OPTION command']);
    expect(await check({ command: ['sh'] }, adapterWith(null))).toEqual(['PRIVILEGED_OPTION command']);
    expect(await check({ command: ['sh'] }, adapterWith(null, true))).toEqual([]);
  });

  it('refuses `isolated`: how the engine caches is unknown', async () => {
    expect(await check({ isolated: true })).toEqual(['VALIDATION_ERROR isolated']);
    expect(await check({ isolated: false })).toEqual([]);
  });

  it('refuses `keep_context`: how the engine saves its context is unknown', async () => {
    expect(await check({ keep_context: 'auto' })).toEqual(['VALIDATION_ERROR keep_context']);
    expect(await check({ keep_context: 'off' })).toEqual([]);
  });

  it('requires a command where the configuration has none', async () => {
    expect(await check({}, adapterWith(null))).toEqual(['VALIDATION_ERROR command']);
  });

  it('requires a model where the command contains one', async () => {
    const { problems } = await adapterWith(CONFIG).check(settingsOf({}));
    expect(problems).toMatchObject([{ code: 'VALIDATION_ERROR', path: 'model_path' }]);
  });

  it("refuses another listening address, options that run code, and llamactl's variables", async () => {
    expect(
      await check({
        options: { port: 1, trust_remote_code: true, max_len: 1 },
        extra_args: ['--host', '0.0.0.0', '--port', '${PORT}', '--hos=0.0.0.0'],
        environment: { PORT: '1', HOST: 'x', LD_PRELOAD: 'x', OMP_NUM_THREADS: '1' },
      }),
    ).toEqual([
      'RESERVED_OPTION options.port',
      'PRIVILEGED_OPTION options.trust_remote_code',
      'RESERVED_OPTION extra_args.0',
      'RESERVED_OPTION extra_args.4',
      'RESERVED_OPTION environment.PORT',
      'RESERVED_OPTION environment.HOST',
      'PRIVILEGED_OPTION environment.LD_PRELOAD',
    ]);
  });
});

describe('the key of a custom engine', () => {
  const KEYED = { ...CONFIG, args: ['--api-key', '${API_KEY}', '--url=http://:${API_KEY}@h', '${PORT}'] };
  const keyed = adapterWith(KEYED);
  const byVariable = adapterWith({ ...CONFIG, api_key_env: 'VLLM_API_KEY' });

  it('goes into the variable that the configuration names', () => {
    expect(byVariable.plan(engineRecord({ model_path: '/m' }))).toMatchObject({ keyVariable: 'VLLM_API_KEY' });
    expect(byVariable.plan(engineRecord({ model_path: '/m' }))).not.toHaveProperty('keyArguments');
  });

  it('has placeholders in the configured arguments, which the plan leaves unfilled', () => {
    const plan = keyed.plan(engineRecord({}));
    expect(plan.argv).toEqual(['--api-key', '${API_KEY}', '--url=http://:${API_KEY}@h', '8123']);
    expect(plan).toMatchObject({ keyVariable: null, keyArguments: [1, 2] });
  });

  it("has placeholders in an instance's command too", () => {
    const plan = adapterWith(null, true).plan(engineRecord({ command: ['/opt/x', '--key=${API_KEY}'] }));
    expect(plan.keyArguments).toEqual([0]);
  });

  it('cannot be set, moved or read by an instance', async () => {
    const problems = async (adapter: EngineAdapter, settings: Partial<Settings>): Promise<string[]> =>
      (await adapter.check(settingsOf({ model_path: '/m', ...settings }))).problems.map(
        ({ code, path }) => `${code} ${path}`,
      );
    expect(await problems(byVariable, { environment: { VLLM_API_KEY: 'x' } })).toEqual([
      'RESERVED_OPTION environment.VLLM_API_KEY',
    ]);
    for (const adapter of [byVariable, keyed]) {
      expect(await problems(adapter, { options: { api_key: 'x' }, extra_args: ['--api-key=x'] })).toEqual([
        'RESERVED_OPTION options.api_key',
        'RESERVED_OPTION extra_args.0',
      ]);
      expect(await problems(adapter, { extra_args: ['--title', '${API_KEY}'] })).toEqual([
        'VALIDATION_ERROR extra_args.1',
      ]);
    }
    expect(await problems(adapterWith(CONFIG), { extra_args: ['--api-key', 'x'] })).toEqual([]);
  });
});

describe('placeholders of a custom engine', () => {
  const problems = async (...extra: string[]): Promise<string[]> =>
    (await adapterWith(CONFIG).check(settingsOf({ model_path: '/m', extra_args: extra }))).problems.map(
      ({ code }) => code,
    );

  it.each(['--${NAME}', '-${NAME}', '--${MODEL_PATH}=x', '--x-${NAME}', '--tru${NAME}', '-p${PORT}', '--${OTHER}'])(
    'make no flag: %s',
    async (argument) => {
      expect(await problems(argument)).toEqual(['VALIDATION_ERROR']);
    },
  );

  it.each(['${NAME}', '--title=${NAME}', '--port=${PORT}', '--x=-${NAME}', 'x${NAME}', '$${NAME}'])(
    'may be a value: %s',
    async (argument) => {
      expect(await problems(argument)).toEqual([]);
    },
  );

  it('are checked as filled in at a start, also for an instance stored under other rules', async () => {
    const adapter = adapterWith(CONFIG);
    const start = async (extra: string[], name: string, settings: Partial<Settings> = {}) => {
      const record = engineRecord({ model_path: '/', extra_args: extra, ...settings }, { name });
      return (await adapter.preflight(record, adapter.plan(record)))?.code ?? null;
    };
    expect(await start(['--${NAME}', '0.0.0.0'], 'host')).toBe('RESERVED_OPTION');
    expect(await start(['--${NAME}'], 'trust-remote-code')).toBe('PRIVILEGED_OPTION');
    expect(await start(['--${NAME}'], 'max-len')).toBeNull();
    expect(await start(['${MODEL_PATH}'], 'a', { model_path: '--host=0.0.0.0' })).toBe('RESERVED_OPTION');
    expect(await start(['${MODEL_PATH}'], 'a', { model_path: '@/etc/x' })).toBe('PRIVILEGED_OPTION');
    expect(await start(['--host', '${HOST}', '--port=${PORT}'], 'a')).toBeNull();
    expect(await start(['--port', '8124'], 'a')).toBe('RESERVED_OPTION');
  });

  it('of files with more arguments are guarded in values too', async () => {
    const { problems: found } = await adapterWith(CONFIG).check(
      settingsOf({ model_path: '/m', options: { x: ['a', '@/etc/x'] } }),
    );
    expect(found).toMatchObject([{ code: 'PRIVILEGED_OPTION', path: 'options.x' }]);
  });
});

describe('preflight of a custom engine', () => {
  const preflight = (settings: Partial<Settings>, adapter = adapterWith(CONFIG)) => {
    const record = engineRecord(settings);
    return adapter.preflight(record, adapter.plan(record));
  };

  it('refuses a stored variable that may not be set', async () => {
    expect(await preflight({ environment: { CONTAINERS_CONF_OVERRIDE: '/x' } })).toMatchObject({
      code: 'PRIVILEGED_OPTION',
      message: expect.stringContaining('`CONTAINERS_CONF_OVERRIDE`') as string,
    });
    expect(await preflight({ environment: { FFREPORT: 'x' } }, adapterWith(CONFIG, true))).toBeNull();
  });

  it('reports a missing program, and where to set it', async () => {
    expect(await preflight({}, adapterWith({ ...CONFIG, command: '/no/x' }))).toEqual({
      code: 'ENGINE_NOT_FOUND',
      message: '/no/x does not exist; correct `engines.whisper.command` in the configuration',
    });
    expect((await preflight({ command: ['/no/y'] }, adapterWith(null, true)))?.message).toBe(
      '/no/y does not exist; correct its `command`',
    );
  });

  it('reports a missing model path, but no name and no folder', async () => {
    expect(await preflight({ model_path: '/no/model' })).toEqual({
      code: 'MODEL_NOT_FOUND',
      message: 'the model /no/model does not exist',
    });
    expect(await preflight({ model_path: 'org/name' })).toBeNull();
    expect(await preflight({ model_path: import.meta.dirname })).toBeNull();
  });
});

describe('the reason why a custom engine ended', () => {
  const reason = (code: number, lines: string[], wasReady = false): string =>
    adapterWith(CONFIG).reason({ code, signal: null, at: 0 }, lines, wasReady);

  it.each<[string, string[], string]>([
    [
      'a Python exception',
      [
        'Traceback (most recent call last):',
        '  File "x.py", line 1',
        "ModuleNotFoundError: No module named 'vllm'",
        'bye',
      ],
      "the engine exited with status 1: ModuleNotFoundError: No module named 'vllm'",
    ],
    [
      'the last error line',
      ['error: first', 'fatal: no GPU', 'done'],
      'the engine exited with status 1: fatal: no GPU',
    ],
    ['the last line', ['hello', '\u001B[31mworld\u001B[0m', ''], 'the engine exited with status 1: world'],
    ['nothing', [], 'the engine exited with status 1 and wrote nothing'],
    [
      'a failed launch',
      ['llamactl-exec: exec: line 1: /opt/x: not found'],
      'the engine could not be started: line 1: /opt/x: not found',
    ],
  ])('%s', (_case, lines, expected) => {
    expect(reason(1, lines)).toBe(expected);
  });

  it('uses only the last lines after a long run', () => {
    const lines = ['Error: long ago', ...Array<string>(30).fill('GET /health 200')];
    expect(reason(3, lines, true)).toBe('the engine exited with status 3: GET /health 200');
  });

  it('is the shortage of device memory, not the abort that follows it', () => {
    const lines = [
      'CUDA error: out of memory',
      '  current device: 0, in function alloc',
      'ggml-cuda.cu:96: CUDA error',
    ];
    for (const wasReady of [false, true])
      expect(reason(1, lines, wasReady)).toBe('the engine exited with status 1: CUDA error: out of memory');
  });
});
