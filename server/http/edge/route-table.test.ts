import { describe, expect, it } from 'vitest';
import { RouteTable } from './admission.ts';

function table(): RouteTable {
  const routes = new RouteTable();
  routes.add('GET', '/api/instances');
  routes.add(['POST'], '/api/instances');
  routes.add(['GET', 'HEAD', 'PUT'], '/api/instances/:name');
  routes.add('POST', '/api/instances/start-all');
  routes.add('POST', '/api/instances/:name/start');
  routes.add(['GET', 'POST'], '/v1/*');
  return routes;
}

describe('the route table', () => {
  it.each([
    ['/api/instances', ['GET', 'OPTIONS', 'POST']],
    ['/api/instances/x', ['GET', 'HEAD', 'OPTIONS', 'PUT']],
    ['/api/instances/start-all', ['OPTIONS', 'POST']],
    ['/api/instances/%73tart-all', ['OPTIONS', 'POST']],
    ['/api/instances/x/start', ['OPTIONS', 'POST']],
    ['/v1/models', ['GET', 'OPTIONS', 'POST']],
    ['/v1/chat/completions', ['GET', 'OPTIONS', 'POST']],
    ['/v1/', ['GET', 'OPTIONS', 'POST']],
  ])('returns the methods of %s', (path, methods) => expect(table().methodsOf(path)).toEqual(methods));

  it.each([
    '/',
    '',
    '/api',
    '/api/instances/',
    '/api//instances',
    '/api/instances//start',
    '/api/instances/x/stop',
    '/v1',
    '/api%2Finstances',
    '/api/%zz',
  ])('returns nothing for %j', (path) => expect(table().methodsOf(path)).toEqual([]));

  it('distinguishes a fixed path from a variable that matches it', () => {
    expect(table().isTaken('/api/instances/start-all', '/api/instances/:name')).toBe(true);
    expect(table().isTaken('/api/instances/x', '/api/instances/:name')).toBe(false);
    expect(table().isTaken('/api/instances/start-all', '/api/instances/start-all')).toBe(false);
    expect(table().isTaken('/api/instances/:name', '/api/instances/:name')).toBe(false);
  });
});
