import { describe, expect, it } from 'vitest';
import openApi from '../../../openapi.json' with { type: 'json' };
import { en } from '../../words/en/api.ts';
import { alternativesOf, type ApiDocument, type Schema } from './api-document.ts';
import { fieldsOf, kindOf, objectsIn, remarksOf } from './schema-tree.ts';

const document = openApi as ApiDocument;
const words = en.schema;
const reference = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });
const SCHEMAS = {
  Status: { type: 'string', enum: ['a', 'b'], description: 'The state.' },
  Tree: { type: 'object', properties: { next: { anyOf: [reference('Tree'), { type: 'null' }] } } },
  Loop: { type: 'array', items: { $ref: '#/components/schemas/Loop' } },
};

describe('the type of a value', () => {
  it.each<[string, Schema, string]>([
    ['a list', { type: 'array', items: { type: 'string' } }, 'list of string'],
    ['a list of anything', { type: 'array' }, 'list of anything'],
    ['alternatives', { anyOf: [{ type: 'string' }, { type: 'null' }] }, 'string or null'],
    ['alternatives of which one is right', { oneOf: [{ type: 'string' }, { type: 'number' }] }, 'string or number'],
    ['equal alternatives', { anyOf: [{ type: 'string', minLength: 1 }, { type: 'string' }] }, 'string'],
    ['several types', { type: ['string', 'null'] }, 'string or null'],
    ['one value', { const: true }, 'true'],
    ['a few values', { type: 'string', enum: ['a', 'b'] }, '"a" | "b"'],
    ['a map', { type: 'object', additionalProperties: { type: 'number' } }, 'map to number'],
    ['a map to anything', { type: 'object', additionalProperties: true }, 'map to anything'],
    ['a named object', reference('Tree'), 'Tree'],
    ['a named text with a few values', reference('Status'), '"a" | "b"'],
    ['a named list that contains the same list', reference('Loop'), 'list of Loop'],
    ['a name that is missing', reference('Gone'), 'Gone'],
    ['anything', {}, 'anything'],
  ])('of %s', (_, schema, said) => {
    expect(kindOf(schema, SCHEMAS, words)).toBe(said);
  });
});

describe('the remarks on a value', () => {
  it.each<[string, Schema, string[]]>([
    ['a number', { minimum: 1, maximum: 65_535 }, ['1 to 65535']],
    ['a number above a bound', { exclusiveMinimum: 0 }, ['more than 0']],
    ['a text', { minLength: 1, maxLength: 255 }, ['1 to 255 characters']],
    ['a text that is not empty', { minLength: 1 }, ['not empty']],
    ['a list', { minItems: 2 }, ['at least 2 items']],
    ['a fixed count', { minItems: 2, maxItems: 2 }, ['2 items']],
    ['a pattern and a default', { pattern: '^a', default: 'a' }, ['matches `^a`', 'default `"a"`']],
    ['a pattern that people cannot read', { pattern: '^\u{7f}' }, []],
    ['bounds that are none', { minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER, minLength: 0 }, []],
  ])('are the bounds of %s', (_, schema, said) => {
    expect(remarksOf(schema, words)).toEqual(said);
  });
});

describe('the fields of an object', () => {
  it('have a name, a type, and whether they are required', () => {
    const fields = fieldsOf({ properties: { a: { type: 'string' }, b: {} }, required: ['a'] }, SCHEMAS, words);
    expect(fields.map(({ name, kind, isRequired }) => [name, kind, isRequired])).toEqual([
      ['a', 'string', true],
      ['b', 'anything', false],
    ]);
  });

  it('take the description of a named schema, unless they have their own', () => {
    const properties = { own: { ...reference('Status'), description: 'Mine.' }, other: reference('Status') };
    const fields = fieldsOf({ properties }, SCHEMAS, words);
    expect(fields.map(({ description }) => description)).toEqual(['Mine.', 'The state.']);
  });

  it('open one level at a time, so an object may contain itself', () => {
    const [next] = fieldsOf(SCHEMAS.Tree, SCHEMAS, words);
    expect(next?.inner).toEqual([SCHEMAS.Tree]);
  });
});

describe('the objects in a value', () => {
  const object: Schema = { properties: { a: {} } };

  it.each<[string, Schema, Schema[]]>([
    ['itself', object, [object]],
    ['the items of a list', { type: 'array', items: object }, [object]],
    ['the values of a map', { type: 'object', additionalProperties: object }, [object]],
    ['each alternative', { anyOf: [object, { type: 'null' }, object] }, [object, object]],
    ['none in a text', { type: 'string' }, []],
    ['none in a list that contains only the same list', reference('Loop'), []],
  ])('are %s', (_, schema, found) => {
    expect(objectsIn(schema, SCHEMAS)).toEqual(found);
  });
});

describe('the schemas of the API', () => {
  /** Keywords that the tree shows, and those that say nothing more to a reader. */
  const KNOWN = new Set(
    (
      '$ref type const enum description default pattern minimum maximum exclusiveMinimum minLength maxLength ' +
      'minItems maxItems items properties required additionalProperties anyOf oneOf format propertyNames x-duration'
    ).split(' '),
  );

  function keywordsIn(schema: Schema): string[] {
    const { properties = {}, items, additionalProperties, propertyNames } = schema;
    const parts = [...Object.values(properties), ...alternativesOf(schema), items, additionalProperties, propertyNames];
    return [...Object.keys(schema), ...parts.flatMap((part) => (typeof part === 'object' ? keywordsIn(part) : []))];
  }

  it('have no keyword that the tree would hide', () => {
    const used = new Set(Object.values(document.components.schemas).flatMap(keywordsIn));
    expect([...used].filter((keyword) => !KNOWN.has(keyword))).toEqual([]);
  });

  it('all have a type and fields, also those that contain themselves', () => {
    const { schemas } = document.components;
    for (const [name, schema] of Object.entries(schemas)) {
      const found = objectsIn(reference(name), schemas).flatMap((object) => fieldsOf(object, schemas, words));
      expect([name, kindOf(schema, schemas, words) !== '', found.every(({ kind }) => kind !== '')]).toEqual([
        name,
        true,
        true,
      ]);
    }
  });
});
