import { expect, it } from 'vitest';
import { busyCallers } from './busy-callers.ts';

it('callers of the named instances are counted, those with the most requests first', () => {
  const request = (caller: string | null, instance: string | null) => ({ caller, instance });
  const requests = [
    request('bob', 'chat'),
    request('key:7 (ci)', 'chat'),
    request('key:7 (ci)', 'code'),
    request('eve', 'other'),
    request('eve', null),
    request(null, 'code'),
  ];
  expect(busyCallers(requests, new Set(['chat', 'code']))).toEqual([
    { caller: 'key:7 (ci)', count: 2 },
    { caller: 'bob', count: 1 },
    { caller: null, count: 1 },
  ]);
});
