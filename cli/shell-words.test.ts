import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shellQuoted } from '../format/shell-words.ts';
import { shellWords } from './shell-words.ts';

describe('shell words', () => {
  it('are split at spaces that are neither quoted nor escaped', () => {
    expect(shellWords(String.raw`  python3 'my server.py' --name "a \"b\"" c\ d ''  `)).toEqual([
      'python3',
      'my server.py',
      '--name',
      'a "b"',
      'c d',
      '',
    ]);
  });

  it('are not expanded', () => {
    expect(shellWords('serve --port ${PORT} "$HOME" *')).toEqual(['serve', '--port', '${PORT}', '$HOME', '*']);
  });

  it.each(["it's", 'say "', 'end\\'])('are refused with an open quote: %s', (text) => {
    expect(() => shellWords(text)).toThrow(`a quote is not closed in: ${text}`);
  });

  it('survive quoting', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' })), (words) => {
        expect(shellWords(words.map(shellQuoted).join(' '))).toEqual(words);
      }),
    );
  });

  it('are read back unchanged by a real shell', () => {
    const words = ['a b', "it's", '$HOME', '`id`', '\\', '"', '*', '', '~', 'a;b', '--x=${PORT}', 'two\nlines', '!'];
    const said = execFileSync('sh', ['-c', `printf '%s\\0' ${words.map(shellQuoted).join(' ')}`], { encoding: 'utf8' });
    expect(said.split('\0').slice(0, -1)).toEqual(words);
  });
});
