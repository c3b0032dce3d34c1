import { describe, expect, it } from 'vitest';
import { ConnectionError, errorOf, ProtocolError, TimeoutError } from './errors.ts';
import { isLasting, isPassing, resumeDelay, retryDelay } from './retry.ts';

const url = 'http://h/api';
const refused = new ConnectionError('refused', { url, isUnsent: true });
const broken = new ConnectionError('broken', { url });
const late = new TimeoutError('late', { url });
const page = (retryAfter: number | null) => new ProtocolError('a page', { url, status: 502, retryAfter });
const answered = (status: number, code = 'CODE', retryAfter: number | null = null) =>
  errorOf('x', { status, code, retryAfter, details: '', requestId: null, problems: [], reason: undefined });

const usual = { retries: 0, isLasting: false };

describe('retry of a request', () => {
  it.each([
    ['a connection that was refused', refused, true, true],
    ['a connection that broke, when something may have been done', broken, true, false],
    ['an answer that did not come in time', late, false, false],
    ['too many requests', answered(429), true, true],
    ['a server that starts or stops', answered(503, 'SHUTTING_DOWN'), true, true],
    ['the same, from /v1', answered(503, 'shutting_down'), true, true],
    ['an engine that did not start', answered(502, 'START_FAILED'), false, false],
    ['503 of another that says when', answered(503, 'x', 1), true, false],
    ['503 of another that does not', answered(503, 'x'), false, false],
    ['the page of a proxy that says when', page(2), true, false],
    ['the page of a proxy', page(null), false, false],
    ['a conflict', answered(409), false, false],
    ['a fault of the server', answered(500), false, false],
    ['what is no error of the network', new TypeError('x'), false, false],
  ])('%s', (_what, error, reads, writes) => {
    expect(retryDelay({ ...usual, method: 'GET', error }, 2, 0.5) !== null).toBe(reads);
    for (const method of ['POST', 'PUT', 'DELETE']) {
      expect(retryDelay({ ...usual, method, error }, 2, 0.5) !== null, method).toBe(writes);
    }
  });

  it('stops after the given number of retries', () => {
    expect(retryDelay({ ...usual, method: 'GET', error: refused, retries: 2 }, 2, 0.5)).toBe(null);
    expect(retryDelay({ ...usual, method: 'GET', error: refused }, 0, 0.5)).toBe(null);
  });

  it('does not happen if a stopping server may have carried out the request', () => {
    const again = (error: Error) => retryDelay({ method: 'POST', error, retries: 0, isLasting: true }, 2, 0.5) !== null;
    expect([answered(503, 'SHUTTING_DOWN'), answered(429), refused].map(again)).toEqual([false, true, true]);
  });

  it('waits for a random time below a bound that doubles', () => {
    const delays = (random: number) =>
      [0, 1, 2, 9].map((retries) => retryDelay({ ...usual, method: 'GET', error: refused, retries }, 10, random));
    expect(delays(0)).toEqual([0, 0, 0, 0]);
    expect(delays(0.5)).toEqual([0.125, 0.25, 0.5, 5]);
  });

  it('waits for Retry-After and a backoff, but fails at once if Retry-After is long', () => {
    expect(retryDelay({ ...usual, method: 'POST', error: answered(429, 'x', 60) }, 2, 0.5)).toBe(60.125);
    expect(retryDelay({ ...usual, method: 'POST', error: answered(429, 'x', 61) }, 2, 0.5)).toBe(null);
  });
});

it.each([
  ['POST', '/api/instances/a/restart?wait=true', true],
  ['PUT', '/api/instances/a?apply=restart', true],
  ['POST', '/api/instances/a/restart?wait=false', false],
  ['POST', '/api/instances/a/restart', false],
  ['PUT', '/api/instances/a', false],
  ['GET', '/api/instances/a?wait=true', false],
])('%s %s may be done although the server says that it stops: %j', (method, target, is) => {
  expect(isLasting(method, target)).toBe(is);
});

describe('broken stream', () => {
  it('resumes while the server is away or busy, and not after permanent errors', () => {
    for (const error of [refused, broken, late, answered(429), answered(503), page(null)]) {
      expect(isPassing(error), error.message).toBe(true);
    }
    for (const error of [answered(401), answered(403), answered(404), answered(500), new TypeError('x')]) {
      expect(isPassing(error)).toBe(false);
    }
  });

  it('resumes after at most ten seconds, or after Retry-After', () => {
    expect(resumeDelay(broken, 1_000, 0.999)).toBeLessThan(10);
    expect(resumeDelay(answered(429, 'x', 90), 0, 0)).toBe(90);
  });
});
