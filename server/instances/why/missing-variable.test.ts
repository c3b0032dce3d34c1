import { expect, it } from 'vitest';
import { missingVariable } from './missing-variable.ts';

it.each([
  ['FATAL: VOICE_DIR is not set', 'VOICE_DIR'],
  ['error: $MODEL_ROOT must be set', 'MODEL_ROOT'],
  ['missing environment variable `TOKEN`', 'TOKEN'],
  ['please export API_BASE before the start', 'API_BASE'],
  ["KeyError: 'VOICE_DIR'", 'VOICE_DIR'],
])('%j asks for the variable %s', (message, name) => {
  expect(missingVariable(message)).toBe(name);
});

it.each([
  'the model is not set',
  'FATAL: the voice is missing',
  "KeyError: 'size'",
  'the engine exited with status 3',
  'warning: environment variable OLD_NAME is deprecated',
  'ENOENT is not a folder',
])('%j asks for none', (message) => {
  expect(missingVariable(message)).toBeNull();
});
