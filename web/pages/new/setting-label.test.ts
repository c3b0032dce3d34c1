import { expect, it } from 'vitest';
import { newWords } from '../../words/new.ts';
import { settingLabel } from './setting-label.ts';

it.each([
  ['extra_args.0', 'Further arguments, line 1'],
  ['aliases[1]', 'Other names, line 2'],
  ['environment.CUDA', 'Environment: CUDA'],
  ['options.rope.scale', 'rope.scale'],
  ['options', 'Options'],
  ['model_path', 'Path of the model file'],
  ['health_path', 'Health path'],
  ['colour', 'colour'],
])('the setting %s is called %s', (path, label) => {
  expect(settingLabel(path, newWords.en)).toBe(label);
});
