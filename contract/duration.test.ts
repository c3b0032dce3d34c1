import { z } from 'zod';
import { expect, it } from 'vitest';
import { ConfigSchema } from './config.ts';
import { DURATION, durationSeconds } from './duration.ts';

it.each([
  [90, 90],
  [0.5, 0.5],
  ['90', 90],
  ['90s', 90],
  ['15m', 900],
  ['24h', 86_400],
  ['7d', 604_800],
  ['1h30m', 5_400],
  ['1d2h3m4s', 93_784],
  ['0.5', 0.5],
])('%s is %d seconds', (duration, seconds) => {
  expect(durationSeconds(duration)).toBe(seconds);
});

it.each(['', 'm', '-5', '10 m', '30m1h', '1h1h', '1.5h', '10x', '1e3'])('%j is no duration', (text) => {
  expect(DURATION.test(text)).toBe(false);
});

it('is described in the API for each setting in seconds, so that forms take the same texts', () => {
  const { properties } = z.toJSONSchema(ConfigSchema.shape.instances, { io: 'output' });
  expect(properties?.['idle_timeout']).toMatchObject({ 'x-duration': DURATION.source });
});
