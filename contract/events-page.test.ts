import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { DECISIONS } from './decisions.ts';
import { CLOSE_CODES, DecisionFrameSchema, GapFrameSchema, DomainEventSchema, SUBSCRIBABLE_TYPES } from './events.ts';
import * as liveFrames from './live-frames.ts';

/** docs/events.md describes exactly the events that the contract has. */

const page = readFileSync(new URL('../docs/events.md', import.meta.url), 'utf8');

interface ObjectSchema {
  properties: Record<string, { const?: string; properties?: Record<string, unknown>; enum?: string[] }>;
  required?: string[];
}
const schemaOf = (schema: z.ZodType): ObjectSchema => z.toJSONSchema(schema) as unknown as ObjectSchema;

const LIVE_FRAMES = Object.entries(liveFrames).flatMap(([name, schema]) =>
  name.endsWith('FrameSchema') && schema instanceof z.ZodObject ? [schema] : [],
);

/** Frames that need no type in a subscription. */
const UNNAMED = new Set(['gap', 'log_lines', 'log_gap']);

/** The fields of `data`, by the type of the frame. */
const FIELDS = new Map(
  [...DomainEventSchema.options, ...LIVE_FRAMES, DecisionFrameSchema, GapFrameSchema].map((schema) => {
    const { properties } = schemaOf(schema);
    return [properties['type']?.const ?? '', Object.keys(properties['data']?.properties ?? {})];
  }),
);

/** The second column of a table, by the text of the first column without its backticks. */
function rows(heading: string): Map<string, string> {
  const table = page.slice(page.indexOf(heading)).split(/\n\n/)[0] ?? '';
  const cells = table
    .split('\n')
    .slice(2)
    .map((line) => line.split('|').map((cell) => cell.trim()));
  return new Map(cells.map(([, first = '', second = '']) => [first.replaceAll('`', ''), second]));
}

describe('docs/events.md', () => {
  const described = rows('| `type`');

  it('has a row for each type', () => {
    expect([...described.keys()].sort()).toEqual([...FIELDS.keys()].sort());
  });

  it.each([...FIELDS])('names the fields of %s', (type, fields) => {
    // Values stand in parentheses.
    const text = (described.get(type) ?? '').replaceAll(/\([^)]*\)/g, '');
    const named = [...text.matchAll(/`([a-z_]+)`/g)].map(([, name = '']) => name);
    expect(named.toSorted()).toEqual(fields.toSorted());
  });

  it('describes every type of a subscription and every type of a frame', () => {
    const come = SUBSCRIBABLE_TYPES.filter((type) => FIELDS.has(type));
    expect([...come].sort()).toEqual([...described.keys()].filter((type) => !UNNAMED.has(type)).sort());
  });

  it.each(Object.entries(DECISIONS))('names the inputs of the decision %s', (kind, inputs) => {
    const text = (rows('| Decision').get(kind) ?? '').replaceAll(/\([^)]*\)/g, '');
    const named = [...text.matchAll(/`([a-z_]+)`/g)].map(([, name = '']) => name);
    expect(named.toSorted()).toEqual(Object.keys(inputs.shape).toSorted());
  });

  it('describes no other decision', () => {
    expect([...rows('| Decision').keys()].toSorted()).toEqual(Object.keys(DECISIONS).toSorted());
  });

  it('has a row for each close code', () => {
    const codes = new Set([...rows('| Closed with').keys()].map(Number));
    expect(Object.values(CLOSE_CODES).filter((code) => !codes.has(code))).toEqual([]);
  });
});
