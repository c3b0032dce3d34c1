import { describe, expect, it } from 'vitest';
import openApi from '../../../openapi.json' with { type: 'json' };
import { operationsOf, type ApiDocument, type Operation } from './api-document.ts';
import { curlLine, sampleBody } from './curl-line.ts';

const operations = operationsOf(openApi as Pick<ApiDocument, 'paths'>);
const SETTING = { base: 'https://ai.example/llm', isAuthEnabled: true };

function operation(id: string): Operation {
  const found = operations.find((each) => each.id === id);
  if (found === undefined) throw new Error(`the API has no operation ${id}`);
  return found;
}

describe('the curl command', () => {
  it('has the prefix of the page, and the key in a variable', () => {
    expect(curlLine(operation('listInstances'), SETTING)).toBe(
      'curl https://ai.example/llm/api/instances \\\n  -H "Authorization: Bearer $LLAMACTL_TOKEN"',
    );
  });

  it('has no key while accounts are off, nor for an operation that is public', () => {
    expect(curlLine(operation('listInstances'), { ...SETTING, isAuthEnabled: false })).toBe(
      'curl https://ai.example/llm/api/instances',
    );
    expect(curlLine(operation('getLiveness'), SETTING)).toBe('curl https://ai.example/llm/livez');
  });

  it('has the method, values to replace in capitals, and an example body', () => {
    expect(curlLine(operation('renameInstance'), { ...SETTING, isAuthEnabled: false })).toBe(
      [
        'curl -X POST https://ai.example/llm/api/instances/NAME/rename',
        "-H 'Content-Type: application/json'",
        `-d '{"name":"new-name"}'`,
      ].join(' \\\n  '),
    );
  });

  it('has the query parameters that are required, quoted for the shell', () => {
    expect(curlLine(operation('searchModels'), { ...SETTING, isAuthEnabled: false })).toBe(
      "curl 'https://ai.example/llm/api/models/search?q=Q'",
    );
  });

  it('keeps a quote in a body', () => {
    const body = { isRequired: true, content: { 'application/json': { schema: {}, example: { text: "it's" } } } };
    expect(curlLine({ ...operation('renameInstance'), body }, SETTING)).toContain(String.raw`-d '{"text":"it'\''s"}'`);
  });
});

describe('the sample body', () => {
  it('exists for each operation that takes a body, and for no other', () => {
    for (const each of operations)
      expect([each.id, sampleBody(each) !== undefined]).toEqual([each.id, each.body !== null]);
  });
});
