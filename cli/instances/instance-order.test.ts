import { describe, expect, it } from 'vitest';
import { sampleInstance } from '../testing/sample-instance.ts';
import { instanceOrder, sorted } from './instance-order.ts';

const instances = [
  sampleInstance({ name: 'b', port: 8101, started_at: '2026-03-01T10:00:00Z', model_path: '/a/y.gguf' }),
  sampleInstance({ name: 'A', port: 8102, started_at: '2026-03-01T11:00:00Z', model_path: '/b/x.gguf' }),
  sampleInstance({ name: 'c', port: 8100 }),
];
const names = (order?: string): string =>
  sorted(instances, order === undefined ? undefined : instanceOrder(order))
    .map(({ name }) => name)
    .join('');

describe('the order of instances', () => {
  it.each([
    ['name', 'Abc'],
    ['-NAME', 'cbA'],
    ['port', 'cbA'],
    ['up', 'cAb'],
    ['-up', 'bAc'],
    ['model', 'cAb'],
    ['status', 'bAc'],
    ['-status', 'bAc'],
  ])('by %s is %s', (order, expected) => {
    expect(names(order)).toBe(expected);
  });

  it('is that of the server by default', () => {
    expect(names()).toBe('bAc');
  });

  it('is refused for an unknown column, with the list of columns', () => {
    expect(() => instanceOrder('-age')).toThrow('Give one of name, status, up, engine, port, model, created.');
  });
});
