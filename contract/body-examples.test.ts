import { describe, expect, it } from 'vitest';
import { BODY_EXAMPLES } from './body-examples.ts';
import type { Operation } from './operation.ts';
import { openApiDocument } from './openapi.ts';
import { OPERATIONS } from './operations.ts';

const withBody = Object.values<Operation>(OPERATIONS).filter(({ body }) => body !== undefined);

describe('the example bodies', () => {
  it('exist for each operation that takes a body, and for no other', () => {
    expect(Object.keys(BODY_EXAMPLES).toSorted()).toEqual(withBody.map(({ id }) => id).toSorted());
  });

  it.each(withBody)('of $id is valid', ({ id, body }) => {
    expect(body?.schema.safeParse(BODY_EXAMPLES[id]).error).toBe(undefined);
  });

  it('are in the API description, as JSON', () => {
    const content = openApiDocument('0.1.0').paths['/api/apply']?.post?.requestBody?.content;
    expect(content?.['application/json']?.example).toEqual(BODY_EXAMPLES['applyFleet']);
    expect(content?.['application/yaml']).not.toHaveProperty('example');
  });
});
