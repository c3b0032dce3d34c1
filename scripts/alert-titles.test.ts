import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { de } from '../web/words/de/alerts.ts';
import { en } from '../web/words/en/alerts.ts';

/** The codes in the table of alerts. */
function documentedCodes(): string[] {
  const page = readFileSync(new URL('../docs/operations.md', import.meta.url), 'utf8');
  const [, section = ''] = page.split('\n## Alerts\n');
  return [...(section.split('\n## ')[0] ?? '').matchAll(/^\| `(\w+)`/gm)].map(([, code]) => code ?? '');
}

test('each documented alert has a title in each language of the page', () => {
  const codes = documentedCodes();
  expect(codes).toContain('instance_failed');
  for (const { titles } of [en, de]) expect(Object.keys(titles).toSorted()).toEqual(codes.toSorted());
});
