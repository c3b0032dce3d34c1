import type { Phrase } from '@llamactl/client';
import { duration, exactMemory, memoryText, number } from './figures.ts';

/** Texts with names in braces; the first whose data are there is taken. */
export type Texts = string | readonly string[];
/** The words for values of data, by the name of the data. */
export type Values = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** Writes a phrase with one of its texts. @returns which text it is; `null`: the data of none are there */
export function filled(texts: Texts, { data = {} }: Phrase, values: Values): { text: string; at: number } | null {
  for (const [at, template] of [texts].flat().entries()) {
    const names = [...template.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
    if (names.some((name) => data[name] === undefined)) continue;
    const text = template.replaceAll(/\{(\w+)\}/g, (_, name: string) => valueText(name, data, values));
    return { text, at };
  }
  return null;
}

function valueText(name: string, data: NonNullable<Phrase['data']>, values: Values): string {
  const value = data[name] ?? '';
  if (typeof value === 'string') return values[name]?.[value] ?? (name === 'device' ? `GPU ${value}` : value);
  if (name === 'seconds') return duration(value);
  if (name === 'tokens') return number(value);
  if (!name.endsWith('_bytes')) return String(value);
  // Need and room may be close.
  return data['most_bytes'] === undefined ? memoryText(value) : exactMemory(value);
}
