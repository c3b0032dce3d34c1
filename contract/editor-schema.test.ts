import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { editorSchema } from './editor-schema.ts';

const described = (schema: z.ZodType): Record<string, unknown> =>
  JSON.parse(editorSchema({ title: 'T', description: 'D', schema })) as Record<string, unknown>;

describe('schema for editors', () => {
  it('is of draft 7, has a title, and describes the input before defaults', () => {
    const schema = z.strictObject({
      port: z.int().default(8_080).describe('Where.'),
      name: z.string().transform((text) => text.length),
    });
    expect(described(schema)).toEqual({
      $schema: 'http://json-schema.org/draft-07/schema#',
      title: 'T',
      description: 'D',
      type: 'object',
      properties: {
        port: { type: 'integer', default: 8_080, description: 'Where.' },
        name: { type: 'string' },
      },
      required: ['name'],
      additionalProperties: false,
    });
  });

  it('omits patterns with Unicode classes, which some editors misread', () => {
    const schema = z.strictObject({
      alias: z.string().regex(/^\P{C}+$|^[^\p{C}]+$/u),
      name: z.string().regex(/^[a-z]+$/),
    });
    expect(described(schema)['properties']).toEqual({
      alias: { type: 'string' },
      name: { type: 'string', pattern: '^[a-z]+$' },
    });
  });

  it('has no reference at its root, because editors ignore keywords beside a reference', () => {
    const part = z.strictObject({ a: z.boolean() }).meta({ id: 'EditorTestPart' });
    const whole = z.strictObject({ parts: z.array(part) }).meta({ id: 'EditorTestWhole' });
    expect(described(whole)).toMatchObject({
      title: 'T',
      type: 'object',
      properties: { parts: { items: { $ref: '#/definitions/EditorTestPart' } } },
      definitions: { EditorTestPart: { type: 'object' } },
    });
    expect(described(whole)['definitions']).not.toHaveProperty('EditorTestWhole');
  });
});
