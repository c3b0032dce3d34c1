import type { EngineOption } from '@llamactl/client';
import { describe, expect, it } from 'vitest';
import { samplingDefaults } from './sampling-defaults.ts';

const option = (key: string, flags: string[], value: string): EngineOption => ({
  key,
  flags,
  type: 'number',
  default: value,
  choices: null,
  group: 'sampling',
  description: '',
  variables: [],
  guard: null,
});
const KNOWN = [
  option('temp', ['--temp', '--temperature'], '0.80'),
  option('top_k', ['--top-k'], '40'),
  option('predict', ['--predict', '--n-predict'], '-1'),
  option('seed', ['--seed'], '-1'),
];

describe('the defaults of sampling', () => {
  it('are those of the engine', () => {
    expect(samplingDefaults(KNOWN, {})).toEqual({ temperature: 0.8, top_k: 40, max_tokens: 'none', seed: 'none' });
  });

  it('are those of the instance where it sets them, under any name of the option', () => {
    const set = { temperature: 0.4, n_predict: 200, seed: '7' };
    expect(samplingDefaults(KNOWN, set)).toEqual({ temperature: 0.4, top_k: 40, max_tokens: 200, seed: 7 });
  });

  it('are not guessed for engines without a list of options', () => {
    expect(samplingDefaults([], { temp: 0.4 })).toEqual({});
  });
});
