import { describe, expect, it } from 'vitest';
import type { EngineAdapter, SettingsProblem } from '../ports/engine-adapter.ts';
import type { Settings } from '../ports/instance-record.ts';
import { checkSettings, newSettings, patchedSettings } from './settings.ts';

/** An adapter with one pair of twins. */
const adapter: EngineAdapter = {
  needsModel: true,
  check: async () => ({ problems: [], warnings: [] }),
  options: async () => ({ options: [], problem: null }),
  installed: async () => ({ program: null, version: null, problem: null, devices: null }),
  withoutTwins: ({ options }, given) =>
    Object.fromEntries(
      Object.entries(options).filter(([key]) => !(key === 'context_size' && given.includes('ctx_size'))),
    ),
  learn: async () => {},
  isLearnt: () => true,
  learnings: () => 0,
  plan: () => ({ command: '', argv: [], environment: {}, keyVariable: null, port: 1, healthPath: '/' }),
  preflight: async () => null,
  reason: () => '',
  inferencePaths: new Set(),
  signs: { workPath: null },
  crossing: { headers: [], paths: [], except: [] },
  offload: () => ({ kind: 'not requested' }),
  memory: () => null,
  serving: () => null,
  served: async () => null,
};

const DEFINED = { groups: ['big'], pinnedGroups: ['home'], presets: ['coding', 'brief'] };

const STORED: Settings = {
  ...newSettings({ model_path: '/m.gguf', options: { threads: 4, context_size: 2_048 } }),
  environment: { TOKEN: 'secret', MODE: 'a' },
  auto_restart: false,
};

const patch = (body: Parameters<typeof patchedSettings>[1]): Settings => patchedSettings(STORED, body, adapter);

describe('a merge patch of the settings', () => {
  it('keeps settings that it does not name', () => {
    expect(patch({})).toEqual(STORED);
  });

  it('merges options key by key, in place; null removes', () => {
    const { options } = patch({ options: { context_size: 4_096, threads: null, seed: 0 } });
    expect(Object.entries(options)).toEqual([
      ['context_size', 4_096],
      ['seed', 0],
    ]);
  });

  it('replaces an option by its twin in another spelling', () => {
    expect(patch({ options: { ctx_size: 1 } }).options).toEqual({ threads: 4, ctx_size: 1 });
  });

  it('removes all options with null', () => {
    expect(patch({ options: null }).options).toEqual({});
  });

  it('restores the default of a removed setting', () => {
    const { auto_restart, aliases, ...rest } = patch({
      auto_restart: null,
      aliases: null,
      engine: null,
      auto_start: null,
    });
    expect(auto_restart).toBe(undefined);
    expect(aliases).toEqual([]);
    expect(rest).toMatchObject({ engine: 'llama_cpp', auto_start: true });
  });

  it('replaces a list as a whole', () => {
    expect(patch({ extra_args: ['--a'] }).extra_args).toEqual(['--a']);
  });

  it('merges request defaults, nested objects included', () => {
    const stored = {
      ...STORED,
      request_defaults: { temperature: 0.5, template: { think: true, depth: 1 }, stop: ['a'] },
    };
    const merged = (request_defaults: object | null): unknown =>
      patchedSettings(stored, { request_defaults } as Parameters<typeof patchedSettings>[1], adapter).request_defaults;
    expect(merged({ temperature: null, template: { think: false }, stop: ['b'], user: { a: null, b: 1 } })).toEqual({
      template: { think: false, depth: 1 },
      stop: ['b'],
      user: { b: 1 },
    });
    expect(merged({ template: 1 })).toMatchObject({ template: 1 });
    expect(merged(null)).toBe(undefined);
    expect(merged({ temperature: null, template: null, stop: null })).toBe(undefined);
  });

  it('keeps the stored value of a masked variable, and only if it has one', () => {
    expect(patch({ environment: { TOKEN: '***', MODE: 'b', NEW: '***' } }).environment).toEqual({
      TOKEN: 'secret',
      MODE: 'b',
      NEW: '***',
    });
  });
});

describe('checkSettings', () => {
  const withProblems = (...problems: SettingsProblem[]): EngineAdapter => ({
    ...adapter,
    check: async () => ({ problems, warnings: ['careful'] }),
  });

  it('requires a model if the engine needs one', async () => {
    await expect(checkSettings(newSettings({}), adapter, DEFINED, null)).rejects.toMatchObject({
      code: 'VALIDATION_ERROR',
      extras: { problems: [{ path: 'model_path' }] },
    });
  });

  it('ends its message with one punctuation mark, also after a question', async () => {
    const problem = { code: 'VALIDATION_ERROR', path: 'options.x', message: 'is none; did you mean `y`?' } as const;
    const message = async (...problems: SettingsProblem[]): Promise<unknown> =>
      checkSettings(STORED, withProblems(...problems), DEFINED, null).catch(
        (error: unknown) => (error as Error).message,
      );
    const ownSubject = { ...problem, message: '`--port` is set by llamactl' } as const;
    expect(await message(ownSubject)).toBe('options.x: `--port` is set by llamactl.');
    expect(await message(problem)).toBe('options.x is none; did you mean `y`?');
    expect(await message(problem, problem)).toBe('options.x is none; did you mean `y`? (and 1 more).');
  });

  it('returns the warnings of valid settings', async () => {
    expect(await checkSettings(STORED, withProblems(), DEFINED, null)).toEqual(['careful']);
  });

  it('warns of names that are not configured', async () => {
    const settings = { ...STORED, group: 'small', preset: 'constructor' };
    expect(await checkSettings(settings, adapter, DEFINED, null)).toEqual([
      'group "small" is not in the configuration, so it limits nothing',
      'preset "constructor" is not in the configuration, so it adds nothing; its presets: coding, brief',
    ]);
    expect(
      await checkSettings({ ...STORED, preset: 'x' }, adapter, { groups: [], pinnedGroups: [], presets: [] }, null),
    ).toEqual(['preset "x" is not in the configuration, so it adds nothing; it has no presets']);
    expect(await checkSettings({ ...STORED, group: 'big', preset: 'brief' }, adapter, DEFINED, null)).toEqual([]);
  });

  it('warns of an idle time that a pinned instance ignores', async () => {
    const warningsOf = (more: Partial<Settings>): Promise<string[]> =>
      checkSettings({ ...STORED, idle_timeout: 9, ...more }, adapter, { ...DEFINED, groups: ['home'] }, null);
    expect(await warningsOf({ pinned: true })).toEqual([
      'idle_timeout has no effect: it is pinned, so it does not stop when idle',
    ]);
    expect(await warningsOf({ group: 'home' })).toEqual([
      'idle_timeout has no effect: its group "home" is pinned, so it does not stop when idle',
    ]);
    expect(await warningsOf({})).toEqual([]);
    expect(await warningsOf({ pinned: true, idle_timeout: 0 })).toEqual([]);
  });

  it('accepts a stored variable that is no longer allowed, with a warning', async () => {
    const strict: EngineAdapter = {
      ...adapter,
      check: async ({ environment }) => ({
        problems: Object.keys(environment).map((name) => ({
          code: 'PRIVILEGED_OPTION',
          path: `environment.${name}`,
          message: 'is not on the list',
        })),
        warnings: [],
      }),
    };
    const change = (environment: Record<string, string>): Promise<string[]> =>
      checkSettings({ ...STORED, environment }, strict, DEFINED, STORED);
    expect(await change(STORED.environment)).toEqual([
      'environment.TOKEN keeps the instance from starting: it is not on the list',
      'environment.MODE keeps the instance from starting: it is not on the list',
    ]);
    expect(await change({})).toEqual([]);
    for (const environment of [{ TOKEN: 'another' }, { ...STORED.environment, NEW: 'x' }])
      await expect(change(environment)).rejects.toMatchObject({ code: 'PRIVILEGED_OPTION' });
    await expect(checkSettings(STORED, strict, DEFINED, null)).rejects.toMatchObject({ code: 'PRIVILEGED_OPTION' });
  });

  it('reports every problem, with the code of the gravest', async () => {
    const judge = withProblems(
      { code: 'VALIDATION_ERROR', path: 'options.thraeds', message: 'unknown' },
      { code: 'PRIVILEGED_OPTION', path: 'options.rpc', message: 'needs a privilege' },
      { code: 'RESERVED_OPTION', path: 'extra_args[0]', message: 'llamactl sets it' },
    );
    await expect(checkSettings(STORED, judge, DEFINED, null)).rejects.toMatchObject({
      code: 'RESERVED_OPTION',
      message: 'extra_args[0]: llamactl sets it (and 2 more).',
      extras: { problems: [{ path: 'options.thraeds' }, { path: 'options.rpc' }, { path: 'extra_args[0]' }] },
    });
  });
});
