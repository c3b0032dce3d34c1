import { describe, expect, it } from 'vitest';
import { fieldTexts, stackOf } from './own-log-fields.ts';

describe('the fields of a line', () => {
  it('are texts, without empty ones', () => {
    expect(fieldTexts({ method: 'GET', status: 200, subject: null, list: ['a', 1] })).toEqual([
      ['method', 'GET'],
      ['status', '200'],
      ['list', '["a",1]'],
    ]);
  });

  it('of a request end with its id, and name its route only if that says more', () => {
    expect(fieldTexts({ request_id: 'r1', url: '/livez', route: '/livez' })).toEqual([
      ['url', '/livez'],
      ['request_id', 'r1'],
    ]);
    expect(fieldTexts({ url: '/api/instances/a', route: '/api/instances/:name' })).toHaveLength(2);
  });

  it('show the message of an error, whose stack is apart', () => {
    const fields = { err: { type: 'Error', message: 'disk full', stack: 'Error: disk full\n    at x' } };
    expect(fieldTexts(fields)).toEqual([['err', 'disk full']]);
    expect(stackOf(fields)).toContain('at x');
    expect(stackOf({})).toBe(null);
    expect(stackOf({ err: 'a text' })).toBe(null);
  });
});
