import { describe, expect, it } from 'vitest';
import openApi from '../../openapi.json' with { type: 'json' };
import { isRecord } from '../lib/record.ts';
import { settingsWords } from './settings.ts';

/** The description of each key of the configuration; `null`: it has none. */
function descriptionsIn(schema: unknown, path: readonly string[] = []): [string, string | null][] {
  if (!isRecord(schema)) return [];
  const { properties, description } = schema;
  if (!isRecord(properties)) return [[path.join('.'), typeof description === 'string' ? description : null]];
  return Object.entries(properties).flatMap(([key, part]) => descriptionsIn(part, [...path, key]));
}

const DESCRIPTIONS = descriptionsIn(openApi.components.schemas.ConfigView.properties.config);

describe('the keys of the configuration', () => {
  it('have descriptions, which the page of settings shows', () => {
    expect(DESCRIPTIONS.length).toBeGreaterThan(40);
    expect(DESCRIPTIONS.filter(([, description]) => description === null)).toEqual([]);
  });

  it('have them in German too', () => {
    const known = Object.keys(settingsWords.de.notes);
    expect(DESCRIPTIONS.filter(([, description]) => !known.includes(description ?? ''))).toEqual([]);
  });
});
