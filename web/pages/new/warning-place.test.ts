import { expect, it } from 'vitest';
import { placedWarnings } from './warning-place.ts';

it.each([
  ['extra_args.0: `--foo` is not a flag of this engine', 'extra_args.0', '`--foo` is not a flag of this engine'],
  ['the model file /m/chat.gguf does not exist', 'model_path', 'does not exist'],
  ['`/m/chat.gguf` has no tensors', 'model_path', '`/m/chat.gguf` has no tensors'],
  ['Port 9000 is in use by nginx (pid 77)', 'port', 'is in use by nginx (pid 77)'],
  ['Port 9001 is in use by nginx (pid 77)', '', 'Port 9001 is in use by nginx (pid 77)'],
  ['note: it is slow', '', 'note: it is slow'],
])('the warning %s belongs to the setting "%s"', (warning, path, message) => {
  expect(placedWarnings([warning], { model_path: '/m/chat.gguf', port: 9_000 })).toEqual([{ path, message }]);
});

it('no warning belongs to a setting that is not given', () => {
  expect(placedWarnings(['the model file /m/chat.gguf does not exist'], {})).toMatchObject([{ path: '' }]);
});
