import { describe, expect, it } from 'vitest';
import { COMMAND_LINE } from './command-line.ts';

describe('a command line in the form', () => {
  it.each([
    ['sh -c "exit 3"', ['sh', '-c', 'exit 3']],
    ['vllm\nserve\n--port\n${PORT}', ['vllm', 'serve', '--port', '${PORT}']],
    ['vllm serve \\\n  --port ${PORT}', ['vllm', 'serve', '--port', '${PORT}']],
    [' \n', undefined],
  ])('%j is read as %j', (text, words) => {
    expect(COMMAND_LINE.read(text)).toEqual(words);
  });

  it('with an open quote stays as it is, so that nothing of it is lost', () => {
    expect(COMMAND_LINE.read(`sh -c 'exit`)).toBe(`sh -c 'exit`);
    expect(COMMAND_LINE.write(`sh -c 'exit`)).toBe(`sh -c 'exit`);
  });

  it('has quotes only around words that need them', () => {
    expect(COMMAND_LINE.write(['sh', '-c', 'exit 3'])).toBe("sh -c 'exit 3'");
    expect(COMMAND_LINE.write(['serve', '--port', '${PORT}'])).toBe('serve --port ${PORT}');
  });

  it.each([[["it's"]], [['a\\b', '', 'c"d']], [['line\nbreak', '~/x y']]])('says %j exactly', (words) => {
    expect(COMMAND_LINE.read(COMMAND_LINE.write(words))).toEqual(words);
  });
});
