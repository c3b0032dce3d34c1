import { expect, test } from 'vitest';
import { contextText, exactMemory, memoryText, minutesSince, parametersText, requestSeconds } from './figures.ts';

test('the size of a context is in thousands of 1024, or has its digits in groups', () => {
  expect([4_096, 131_072, 8_000, 465_408, 8_000_000].map(contextText)).toEqual([
    '4k',
    '128k',
    '8000',
    '465\u00A0408',
    '8\u00A0000\u00A0000',
  ]);
});

test('a number of weights has one digit after the point below ten millions, and below a hundred billions', () => {
  const models = [422_000, 134_515_008, 999_700_000, 7_241_732_096, 70_553_706_496, 405_853_388_800];
  expect(models.map(parametersText)).toEqual(['0.4M', '135M', '1.0B', '7.2B', '70.6B', '406B']);
});

test('seconds of a request have as many digits as their size deserves', () => {
  expect([0.0042, 0.314, 9.99, 12.44, 110, 185].map(requestSeconds)).toEqual([
    '4 ms',
    '0.31 s',
    '9.99 s',
    '12.4 s',
    '110 s',
    '3m 5s',
  ]);
});

test('memory is in the units of those who sell and count it, so a card of 24 GB has 24 GiB', () => {
  const amounts = [null, 512, 700 * 2 ** 20, 1_023.6 * 2 ** 20, 3 * 2 ** 30, 24_564 * 2 ** 20, 200 * 2 ** 30];
  expect(amounts.map(memoryText)).toEqual(['-', '512 B', '700 MiB', '1.0 GiB', '3.0 GiB', '24.0 GiB', '200 GiB']);
});

test('the time since a moment that is accurate to a minute has no seconds', () => {
  const now = Date.parse('2026-03-01T12:00:30Z');
  const moments = ['2026-03-01T12:00:00Z', '2026-03-01T11:59:00Z', '2026-03-01T09:55:00Z', '2026-02-26T12:00:00Z'];
  expect(moments.map((moment) => minutesSince(moment, now))).toEqual(['<1m', '1m', '2h 5m', '3d 0h']);
});

test('memory that may be close to other memory has two digits after the point', () => {
  expect([512 * 2 ** 20, 5.25 * 2 ** 30, 1_116.16 * 2 ** 30].map(exactMemory)).toEqual([
    '512 MiB',
    '5.25 GiB',
    '1.09 TiB',
  ]);
});
