import { describe, expect, it } from 'vitest';
import { prefers } from './accept.ts';

describe('the preference between YAML and JSON', () => {
  it.each([
    ['application/json', true],
    ['application/json, application/yaml;q=0.5', true],
    ['Application/JSON;q=0.9, text/html;q=0.5', true],
    // Sent by axios.
    ['application/json, text/plain, */*', true],
    ['text/html, application/json;charset=utf-8;q=0.4', true],
    [undefined, false],
    ['*/*', false],
    ['application/*', false],
    ['application/yaml', false],
    ['text/yaml, application/json;q=0.9', false],
    ['application/json;q=0.1, */*', false],
    ['application/yaml, application/json', false],
    ['application/json;q=0', false],
    ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', false],
    ['', false],
    ['nonsense;;q=,,', false],
    ['application/json;q=x.y.z', true],
  ])('%o prefers JSON: %o', (accept, expected) => {
    expect(prefers(accept, 'application/json', ['application/yaml', 'text/yaml'])).toBe(expected);
  });
});
