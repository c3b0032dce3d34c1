import type { ValueKind } from './config-keys.ts';

/** A value parsed from text, or the problem with the text. */
export type TextValue = { value: unknown } | { problem: string };

const NUMBER = /^[+-]?\d+(\.\d+)?$/;

const BOOLEANS = new Map([
  ...(['true', '1', 'yes', 'on'] as const).map((word) => [word, true] as const),
  ...(['false', '0', 'no', 'off'] as const).map((word) => [word, false] as const),
]) as ReadonlyMap<string, boolean>;

/** Parses a key's value from a variable or a flag. The schema checks ranges later. */
export function parseText(text: string, kind: ValueKind): TextValue {
  switch (kind) {
    case 'text':
      return { value: text };
    case 'number':
      return parseNumber(text);
    case 'boolean':
      return parseBoolean(text);
    case 'list':
      return parseList(text);
    case 'numbers':
      return parseNumbers(text);
    case 'map':
      return { problem: 'is a map, which only the configuration file can set' };
  }
}

function parseNumber(text: string): TextValue {
  const trimmed = text.trim();
  return NUMBER.test(trimmed) ? { value: Number(trimmed) } : { problem: 'must be a number' };
}

function parseBoolean(text: string): TextValue {
  const value = BOOLEANS.get(text.trim().toLowerCase());
  return value === undefined ? { problem: 'must be true or false' } : { value };
}

/** Parses `a,b`, or JSON for items with commas or with spaces at their ends. */
function parseList(text: string): TextValue {
  const trimmed = text.trim();
  if (trimmed === '') return { value: [] };
  if (!trimmed.startsWith('[')) return { value: trimmed.split(',').map((item) => item.trim()) };
  try {
    return { value: JSON.parse(trimmed) as unknown };
  } catch {
    return { problem: 'starts like a JSON list but is not valid: write a,b or ["a","b"]' };
  }
}

function parseNumbers(text: string): TextValue {
  const list = parseList(text);
  if ('problem' in list || !Array.isArray(list.value)) return list;
  const numbers = list.value.map((item) =>
    typeof item === 'string' && NUMBER.test(item) ? Number(item) : (item as unknown),
  );
  return { value: numbers };
}
