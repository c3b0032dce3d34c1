import { describe, expect, it } from 'vitest';
import type { Settings } from '../instances/ports/instance-record.ts';
import { guardOfFlag } from './guarded-flags.ts';
import { ANY_ENGINE_VARIABLES } from './allowed-environment.ts';
import { firstProblems, guardProblems, variableObstacle } from './settings-guard.ts';
import type { SettingsProblem } from '../instances/ports/engine-adapter.ts';

const TERMS = { catalogue: null, variables: ANY_ENGINE_VARIABLES, readsFlagVariables: false };

const SETTINGS: Settings = {
  engine: 'llama_cpp',
  options: {},
  extra_args: [],
  environment: {},
  aliases: [],
  unlisted: false,
  auto_start: true,
};

function problems(settings: Partial<Settings>, allowPrivileged = false): string[] {
  const guardOf = (spelling: string) => guardOfFlag(spelling, null);
  const found = guardProblems(
    { ...SETTINGS, ...settings },
    { ...TERMS, allowPrivileged, guardOf, ownVariables: ['PORT'] },
  );
  return firstProblems(found).map(({ code, path }) => `${code} ${path}`);
}

describe('guardProblems', () => {
  it('finds guarded options, extra_args, variables and command, with their paths', () => {
    expect(
      problems({
        options: { threads: 1, host: '0.0.0.0', grammar_file: '/etc/passwd' },
        extra_args: ['--threads', '1', '-m', 'x', '--path', '/etc'],
        environment: { LD_PRELOAD: 'x', PORT: '1', LLAMACTL_RUN: 'x', OMP_NUM_THREADS: '1' },
        command: ['sh'],
      }),
    ).toEqual([
      'PRIVILEGED_OPTION command',
      'RESERVED_OPTION options.host',
      'PRIVILEGED_OPTION options.grammar_file',
      'RESERVED_OPTION extra_args.2',
      'PRIVILEGED_OPTION extra_args.4',
      'PRIVILEGED_OPTION environment.LD_PRELOAD',
      'RESERVED_OPTION environment.PORT',
      'RESERVED_OPTION environment.LLAMACTL_RUN',
    ]);
  });

  it('reports reserved settings where privileges are allowed', () => {
    const settings = {
      options: { host: 'x', grammar_file: 'x' },
      environment: { LLAMACTL_RUN: 'x', LD_PRELOAD: 'x' },
      command: ['sh'],
    };
    expect(problems(settings, true)).toEqual([
      'RESERVED_OPTION options.host',
      'RESERVED_OPTION environment.LLAMACTL_RUN',
    ]);
  });

  it('finds values that pose as flags', () => {
    expect(problems({ options: { perf: ['--rpc', 'evil:1'], keep: '--host' } })).toEqual([
      'PRIVILEGED_OPTION options.perf',
      'RESERVED_OPTION options.keep',
    ]);
    expect(problems({ extra_args: ['--reverse-prompt', '--host=0.0.0.0'] })).toEqual(['RESERVED_OPTION extra_args.1']);
  });

  it('finds files with more arguments', () => {
    expect(problems({ extra_args: ['@/etc/passwd'] })).toEqual(['PRIVILEGED_OPTION extra_args.0']);
  });

  it('ignores values that only look similar', () => {
    expect(
      problems({ options: { temp: -1, reverse_prompt: '-', chat_template: '--- host' }, extra_args: ['host', '-1'] }),
    ).toEqual([]);
  });

  it('names the remedy', () => {
    const [problem] = guardProblems(
      { ...SETTINGS, extra_args: ['--grammar-file=/x'] },
      { ...TERMS, allowPrivileged: false, guardOf: (spelling) => guardOfFlag(spelling, null) },
    );
    expect(problem?.message).toBe(
      '`--grammar-file` reads or writes files of the caller’s choice; it needs `security.allow_privileged: true` in the configuration file',
    );
  });
});

const refused = (name: string, message: string, code: SettingsProblem['code'] = 'PRIVILEGED_OPTION') => ({
  code,
  path: `environment.${name}`,
  message,
});

describe('variableObstacle', () => {
  it('returns null when all variables are allowed', () => {
    expect(variableObstacle([])).toBeNull();
    expect(variableObstacle([refused('A', 'is odd', 'VALIDATION_ERROR')])).toBeNull();
  });

  it('names one variable', () => {
    expect(variableObstacle([refused('A', 'takes a number')])).toMatchObject({
      code: 'PRIVILEGED_OPTION',
      message: 'the stored variable `A` takes a number',
    });
  });

  it('names several variables with one reason for each', () => {
    const problems = ['A', 'B', 'C'].map((name) => refused(name, 'is not on the list'));
    expect(variableObstacle(problems)?.message).toBe(
      'the stored variables `A`, `B`, `C` may not be set: each is not on the list',
    );
  });

  it('assigns reasons to variables', () => {
    const problems = [
      refused('A', 'is not on the list'),
      refused('B', 'takes a number'),
      refused('C', 'takes a number'),
    ];
    expect(variableObstacle(problems)?.message).toBe(
      'the stored variables `A`, `B`, `C` may not be set: `A` is not on the list; `B`, `C` each takes a number',
    );
  });

  it('has the code of a reserved variable, which no privilege allows', () => {
    const problems = [refused('A', 'is not on the list'), refused('B', 'is set by llamactl', 'RESERVED_OPTION')];
    expect(variableObstacle(problems)?.code).toBe('RESERVED_OPTION');
  });

  it('counts the names beyond twenty', () => {
    const problems = Array.from({ length: 23 }, (_, index) => refused(`V${index}`, 'is not on the list'));
    expect(variableObstacle(problems)?.message).toContain('`V18`, `V19` and 3 more may not be set: each is not');
  });
});
