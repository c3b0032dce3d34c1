import { expect, test } from 'vitest';
import { problemsWithin } from './problems.ts';

test('problems within a value have their paths in it', () => {
  const problems = ['groups.big.max', 'groups[1]', 'groups', 'groupsy.a', 'server.port'].map((path) => ({
    path,
    message: 'is wrong',
  }));
  expect(problemsWithin(problems, 'groups').map(({ path }) => path)).toEqual(['big.max', '[1]', '']);
});
