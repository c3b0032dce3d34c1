import { describe, expect, it } from 'vitest';
import openApi from '../../openapi.json' with { type: 'json' };
import { isRecord } from '../lib/record.ts';
import { settingsWords } from './settings.ts';

/**
 * The description of each key of the configuration; `null`: it has none. Of groups and devices, which users name, also those
 * of their fields, such as `groups.*.pinned`.
 */
function descriptionsIn(schema: unknown, path: readonly string[] = []): [string, string | null][] {
  if (!isRecord(schema)) return [];
  const { properties, additionalProperties: named, description } = schema;
  const own: [string, string | null] = [path.join('.'), typeof description === 'string' ? description : null];
  const isOfPage = path[0] === 'memory' || path[0] === 'groups';
  if (isOfPage && isRecord(named)) return [own, ...descriptionsIn(named, [...path, '*'])];
  if (!isRecord(properties)) return [own];
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
