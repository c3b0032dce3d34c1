import { describe, expect, it } from 'vitest';
import { otherProblems, restOfForm } from './rest-of-form.ts';

const wrong = (...paths: string[]) => paths.map((path) => ({ path, message: 'is wrong' }));

describe('the rest of a form', () => {
  const body = { name: 'x y', portt: 1, aliases: ['a'], options: { ctx_size: 'abc', threads: [[]] } };

  it('has no setting whose form is wrong, and a new instance has another name', () => {
    const rest = restOfForm(body, wrong('name', 'portt', 'aliases[0]', 'options.threads'), true);
    expect(rest).toEqual({ name: 'new-instance', options: { ctx_size: 'abc' } });
    expect(restOfForm(body, wrong('name', 'portt'), false)).not.toHaveProperty('name');
  });

  it('is nothing if the whole is wrong, or all of it', () => {
    expect(restOfForm(body, wrong(''), true)).toBeNull();
    expect(restOfForm({ portt: 1 }, wrong('portt'), false)).toBeNull();
  });

  it('has only problems of other settings', () => {
    const others = otherProblems(wrong('name', 'options.ctx_size', 'aliases[1]'), wrong('name', 'aliases[0]'));
    expect(others.map(({ path }) => path)).toEqual(['options.ctx_size']);
  });
});
