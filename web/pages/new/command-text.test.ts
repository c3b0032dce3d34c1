import { expect, it } from 'vitest';
import { commandText } from './command-text.ts';

it('a command has each flag with its value on a line, quoted for a shell', () => {
  expect(commandText(['llama-server', '--model', '/models/my chat.gguf', '--jinja', '--seed', '-1'])).toBe(
    "llama-server \\\n  --model '/models/my chat.gguf' \\\n  --jinja \\\n  --seed -1",
  );
  expect(commandText(['run', "it's"])).toBe("run \\\n  'it'\\''s'");
});
