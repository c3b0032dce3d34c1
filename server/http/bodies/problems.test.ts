import { ConfigSchema } from '@llamactl/contract/config';
import { CreateInstanceSchema, StopBodySchema, UpdateInstanceSchema } from '@llamactl/contract/instance';
import { OPERATIONS } from '@llamactl/contract/operations';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { ApiError, type Problem } from '@llamactl/contract/errors';
import { suggestion } from '../../suggestion.ts';
import { childPath, judge, validationError } from './problems.ts';

vi.mock('../../suggestion.ts', { spy: true });

function problemsOf(schema: z.ZodType, value: unknown): Record<string, string> {
  return Object.fromEntries((judge(schema, value).problems ?? []).map(({ path, message }) => [path, message]));
}

describe('the problems of a request', () => {
  it('are all listed at once, each with its path', () => {
    const body = {
      port: 1.5,
      max_restarts: -2,
      aliases: ['', 'has space', 7],
      extra_args: 'no list',
      options: { Threads: 1, a: {}, b: [], c: ['x', null] },
      environment: { '1A': 'x', OK: 5 },
      unlisted: 'yes',
    };
    expect(problemsOf(CreateInstanceSchema, body)).toEqual({
      name: 'is required',
      port: 'must be a whole number',
      max_restarts: 'must be at least -1',
      'aliases[0]': 'must be printable, without spaces',
      'aliases[1]': 'must be printable, without spaces',
      'aliases[2]': 'must be a string',
      extra_args: 'must be a list',
      'options.Threads': "must be the engine's long flag in snake_case, for example `ctx_size`",
      'options.a': 'must be a string, a number, true, false or a list of strings and numbers',
      'options.b': 'must have at least 1 entry',
      'options.c[1]': 'must be a string or a number',
      'environment.1A': 'must be a variable name: letters, digits and underscores',
      'environment.OK': 'must be a string',
      unlisted: 'must be true or false',
    });
  });

  it('have the same as data where the message is one of ours', () => {
    const body = {
      name: '-',
      port: 70_000,
      max_restarts: -2,
      unlisted: 'yes',
      nam: 1,
      model_path: 5,
      aliases: ['has space'],
    };
    const { problems } = judge(CreateInstanceSchema, body);
    expect(Object.fromEntries((problems ?? []).map(({ path, phrase }) => [path, phrase]))).toEqual({
      name: { kind: 'bad_name' },
      port: { kind: 'too_large', data: { most: 65_535 } },
      max_restarts: { kind: 'too_small', data: { least: -1 } },
      unlisted: { kind: 'wrong_type', data: { type: 'boolean' } },
      nam: { kind: 'unknown_setting', data: { meant: 'name' } },
      model_path: { kind: 'wrong_type', data: { type: 'string' } },
      'aliases[0]': undefined,
    });
    expect(judge(CreateInstanceSchema, {}).problems).toMatchObject([{ path: 'name', phrase: { kind: 'required' } }]);
  });

  it.each([
    [{ name: 'x', nam: 1 }, 'nam', 'is not known; did you mean name?'],
    [{ name: 'x', optoins: {} }, 'optoins', 'is not known; did you mean options?'],
    [{ name: 'x', backend_type: 'llama_cpp' }, 'backend_type', 'is not known; did you mean engine?'],
    [{ name: 'x', backend_options: {} }, 'backend_options', 'is not known; did you mean options?'],
    [{ name: 'x', ttl: 300 }, 'ttl', 'is not known; did you mean idle_timeout?'],
    [{ name: 'x', idle_timeout: '5m' }, 'idle_timeout', 'must be a number of seconds: 300, not "5m"'],
    [{ name: 'x', idle_timeout: 'soon' }, 'idle_timeout', 'must be a number of seconds, such as 300; 0 means never'],
    [{ name: 'x', idle_timeout: -1 }, 'idle_timeout', 'must be a number of seconds, such as 300; 0 means never'],
    [{ name: 'x', modelPath: '/m' }, 'modelPath', 'is not known; did you mean model_path?'],
    [{ name: 'x', mdoel: '/m' }, 'mdoel', 'is not known; did you mean model?'],
    [{ name: 'x', 'auto-start': true }, 'auto-start', 'is not known; did you mean auto_start?'],
    [{ name: 'x', quantum: 1 }, 'quantum', 'is not known'],
  ])('suggest the intended key for %j', (body, path, message) =>
    expect(problemsOf(CreateInstanceSchema, body)).toEqual({ [path]: message }),
  );

  it('suggest keys at any depth, through records, defaults and unions', () => {
    const config = {
      server: { prot: 1 },
      groups: { big: { max_runing: 1 } },
      engines: { mine: { kind: 'custom', command: 'x', arg: [] }, vllm: { comand: 'x' } },
    };
    expect(problemsOf(ConfigSchema, config)).toEqual({
      'server.prot': 'is not known; did you mean port?',
      'groups.big.max_runing': 'is not known; did you mean max_running?',
      'engines.mine.arg': 'is not known; did you mean args?',
      'engines.vllm.comand': 'is not known; did you mean command?',
    });
    const either = z.object({ list: z.array(z.union([z.strictObject({ alpha: z.number() }), z.string()])) });
    expect(problemsOf(either, { list: [{ alpha: 1, alpah: 2 }] })).toEqual({
      'list[0].alpah': 'is not known; did you mean alpha?',
    });
  });

  it('describe the intended branch of a union', () => {
    expect(problemsOf(CreateInstanceSchema, { name: 'x', options: { a: 'b\u0000' } })).toEqual({
      'options.a': 'must not hold a NUL character',
    });
    expect(problemsOf(CreateInstanceSchema, { name: 'x', options: { seed: 2 ** 60 } })).toEqual({
      'options.seed': 'is too large to stay exact: write it as a string',
    });
    expect(problemsOf(ConfigSchema, { auth: { token_ttl: {} } })).toEqual({
      'auth.token_ttl': 'must be a number, or must be a string',
    });
    expect(problemsOf(ConfigSchema, { server: { public_url: 'x' } })).toEqual({ 'server.public_url': 'must be a URL' });
  });

  it('list the valid values', () => {
    expect(problemsOf(OPERATIONS.listInstances.query, { status: 'runing' })).toEqual({
      status: 'must be "stopped", "starting", "running", "stopping", "restarting" or "failed"',
    });
    expect(problemsOf(OPERATIONS.startInstance.query, { wait: '1' })).toEqual({ wait: 'must be "true" or "false"' });
    expect(problemsOf(OPERATIONS.updateInstance.query, { apply: ['restart', 'restart'] })).toEqual({
      apply: 'must be "restart"',
    });
  });

  it.each([null, 5, 'text', [], true])('describe the body itself when it is %j', (value) =>
    expect(problemsOf(StopBodySchema, value)).toEqual({ '': 'must be an object' }),
  );

  it('do not include null, which removes a setting', () => {
    expect(judge(UpdateInstanceSchema, { port: null, options: { threads: null } }).problems).toBeNull();
  });

  it('never contain the library’s own messages', () => {
    const anything = fc.anything({ maxDepth: 2 });
    const keys = Object.keys(CreateInstanceSchema.shape);
    const body = fc.dictionary(fc.oneof(fc.constantFrom(...keys), fc.string()), anything);
    fc.assert(
      fc.property(fc.oneof(body, anything), (value) => {
        for (const { message } of judge(CreateInstanceSchema, value).problems ?? []) {
          expect(message).toMatch(/^(?:is |must )/);
          expect(message).not.toMatch(/Invalid|expected|received|undefined|NaN/);
        }
      }),
    );
  });
});

describe('the error with the problems', () => {
  it('begins with the first and counts the rest', () => {
    const one = validationError([{ path: 'port', message: 'must be a number' }]);
    expect([one.message, one.extras.details]).toEqual(['port must be a number', '']);
    const two = validationError([
      { path: '', message: 'must be an object' },
      { path: 'port', message: 'must be a number' },
    ]);
    expect(two.message).toBe('the body must be an object (and 1 more problem)');
    expect(two.extras.details).toBe('the body must be an object; port must be a number');
  });

  it('has at most a hundred', () => {
    const many = validationError(
      Array.from({ length: 5_000 }, (_, index) => ({ path: `k${index}`, message: 'is not known' })),
    );
    expect(many.message).toBe('k0 is not known (and 4999 more problems)');
    expect(many.extras.problems).toHaveLength(100);
  });

  it('shortens the names of keys', () => expect(childPath('a', 'x'.repeat(5_000)).length).toBeLessThan(100));
});

describe('many problems', () => {
  const wrong = (count: number): Problem[] => Array.from({ length: count }, () => ({ path: 'a', message: 'is wrong' }));
  const keys = (count: number, value: unknown): Record<string, unknown> =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`nam${index}`, value]));

  it.each<[string, z.ZodType, unknown]>([
    ['unknown fields', CreateInstanceSchema, { name: 'x', ...keys(40_000, 1) }],
    ['options of a wrong type', CreateInstanceSchema, { name: 'x', options: keys(40_000, {}) }],
    ['keys of a wrong form', CreateInstanceSchema, { name: 'x', environment: { ...keys(20_000, 1), '1': 1 } }],
    ['items of a wrong type', CreateInstanceSchema, { name: 'x', extra_args: Array<number>(1_000).fill(1) }],
    ['keys of a configuration', ConfigSchema, { server: keys(40_000, 1) }],
  ])('are listed up to the hundredth: %s', (_, schema, value) => {
    const asked = vi.mocked(suggestion);
    asked.mockClear();
    const problems = judge(schema, value).problems ?? [];
    expect(problems).toHaveLength(100);
    expect(asked.mock.calls.length).toBeLessThanOrEqual(100);
    const { extras, message } = validationError(problems);
    expect(extras.details).toMatch(/[.?] Checking stopped after 100 problems; there may be more\.$/);
    expect((extras.details ?? '').length + message.length).toBeLessThan(20_000);
  });

  it('do not mention a limit when there are fewer', () => {
    const { extras } = validationError(wrong(99));
    expect(extras.problems).toHaveLength(99);
    expect(extras.details).not.toContain('stopped');
  });

  it('are the same after another server passed them on', () => {
    const { extras, code, message } = validationError(wrong(500));
    expect(new ApiError(code, message, extras).extras).toEqual(extras);
  });
});
