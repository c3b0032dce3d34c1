import { describe, expect, it } from 'vitest';
import { authorityOf, pathOf, withoutBasePath } from './target.ts';

describe('the target of a request', () => {
  it.each([
    ['/api/x', '/api/x', undefined],
    ['/api/x?y=http://z/', '/api/x', undefined],
    ['/a#b?c', '/a', undefined],
    ['http://host:1/api?x', '/api', 'host:1'],
    ['HTTPS://user@host', '', 'user@host'],
    ['*', '*', undefined],
    ['//host/x', '//host/x', undefined],
    ['', '', undefined],
  ])('%j has the path %j and the host %j', (target, path, authority) => {
    expect(pathOf(target)).toBe(path);
    expect(authorityOf(target)).toBe(authority);
  });

  it.each([
    ['/llm/api/x?y', '/llm', '/api/x?y'],
    ['/llm/api', '/llm/', '/api'],
    ['/llm', '/llm', '/'],
    ['/llm?x', '/llm', '/?x'],
    ['/llmx/api', '/llm', '/llmx/api'],
    ['/api', '/llm', '/api'],
    ['/api', '/', '/api'],
    ['http://h/llm/api', '/llm', 'http://h/api'],
  ])('%j under %j is %j', (target, base, expected) => expect(withoutBasePath(target, base)).toBe(expected));
});
