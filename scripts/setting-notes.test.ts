import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { isRecord } from '../web/lib/record.ts';
import { de } from '../web/words/de/settings.ts';

const TO_SETTINGS = ['components', 'schemas', 'ConfigView', 'properties', 'config'];

/** The texts of the settings in a JSON schema, also of those in a part that users name. Parts with settings of their own are sections. */
function notesIn(part: unknown): string[] {
  if (!isRecord(part)) return [];
  const { description, properties, additionalProperties: named } = part;
  if (isRecord(properties)) return Object.values(properties).flatMap(notesIn);
  return [...(typeof description === 'string' ? [description] : []), ...notesIn(named)];
}

test('the note of each setting is translated', () => {
  const api: unknown = JSON.parse(readFileSync(new URL('../openapi.json', import.meta.url), 'utf8'));
  const settings = TO_SETTINGS.reduce<unknown>((part, name) => (isRecord(part) ? part[name] : undefined), api);
  const notes = new Set(notesIn(settings));
  expect(notes).toContain('Megabytes per second of all downloads; 0: no limit.');
  expect(Object.keys(de.notes).toSorted()).toEqual([...notes].toSorted());
});
