import { describe, expect, it } from 'vitest';
import type { SettingsProblem } from '../instances/ports/engine-adapter.ts';
import { variableObstacle } from './variable-obstacle.ts';

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
