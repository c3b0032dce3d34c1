import { expect, it } from 'vitest';
import { de as access } from './de/access.ts';
import { de as chart } from './de/chart.ts';
import { de as instances } from './de/instances.ts';
import { de as models } from './de/models.ts';
import { PHRASES } from './de/phrases.ts';
import { de as requests } from './de/requests.ts';
import { de as why } from './de/why.ts';

it('a button for a remedy and a start reads as one sentence', () => {
  const label = 'Einen passenden Kontext von 2.048 Tokens nehmen';
  expect(why.thenStart(label)).toBe(`${label}, dann starten`);
  expect(why.thenRestart(label)).toBe(`${label}, dann neu starten`);
});

it('remedies do not leave open whose arguments they mean', () => {
  const texts = Object.values(PHRASES).flat();
  expect(texts.filter((text) => /^(Ihre|Ihren) .*(berichtigen|prüfen)$/.test(text))).toEqual([]);
});

it('the plural of a token is the same on all pages', () => {
  const texts = [
    instances.columnNames.tokens,
    requests.columns.rate,
    requests.facts.tokensIn,
    requests.facts.tokensOut,
    access.usageColumns.tokens,
    access.tokensPerMinute,
    models.tokens('512'),
    models.forContext('512'),
  ];
  expect(texts.filter((text) => !text.includes('Tokens'))).toEqual([]);
});

it('requests are refused in the same word in the usage and in the list', () => {
  expect(access.refused('2')).toBe(`2 ${requests.outcomes.refused}`);
});

it('the peak of a chart is no limit', () => {
  expect([chart.highest('6,0 %'), chart.past('CPU', '6,0 %', '1,0 %')]).toEqual([
    'Höchstwert 6,0 %',
    'CPU: Höchstwert 6,0 %, Tiefstwert 1,0 %',
  ]);
});
