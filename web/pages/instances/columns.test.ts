import { expect, it } from 'vitest';
import { defaultColumns, withColumn } from './columns.ts';

it('the column by which the list is sorted is shown, at its own place', () => {
  const columns = defaultColumns(true, true);
  expect(withColumn(columns, 'cpu')).toBe(columns);
  expect(withColumn(columns, 'memory')).toEqual([
    'name',
    'model',
    'status',
    'requests',
    'tokens',
    'gpu',
    'memory',
    'cpu',
    'up',
  ]);
});

it('a window without room for all usual columns has none for the processor', () => {
  expect(defaultColumns(false, false)).toEqual(['name', 'model', 'status', 'requests', 'tokens', 'memory', 'up']);
});
