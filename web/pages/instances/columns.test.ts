import { expect, it } from 'vitest';
import { defaultColumns, withColumn } from './columns.ts';

it('the column by which the list is sorted is shown at its own place, and takes the room of a usual one', () => {
  const columns = defaultColumns(true, true);
  const first = ['name', 'model', 'status', 'requests', 'tokens', 'gpu'];
  expect(withColumn(columns, 'cpu', true)).toBe(columns);
  expect(withColumn(columns, 'memory', true)).toEqual([...first, 'memory', 'up']);
  expect(withColumn(defaultColumns(true, false), 'memory', true)).toEqual([...first, 'memory']);
  expect(withColumn(columns, 'memory', false)).toEqual([...first, 'memory', 'cpu', 'up']);
});

it('a window without room for all usual columns has none for the processor', () => {
  expect(defaultColumns(false, false)).toEqual(['name', 'model', 'status', 'requests', 'tokens', 'memory', 'up']);
});
