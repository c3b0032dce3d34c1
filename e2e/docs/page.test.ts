import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { anchorsOf, brokenLinks } from './links.ts';
import { blocksOf, commandsOf, isShell, markOf, shownBy } from './page.ts';
import { missingLine, otherPlace } from './shown-output.ts';

const page = (...lines: string[]): string => `${lines.join('\n')}\n`;
const only = (text: string) => {
  const [block, ...others] = blocksOf(text);
  if (block === undefined || others.length > 0) throw new Error(`${others.length + 1} blocks`);
  return block;
};

describe('the blocks of a page', () => {
  it('have a language, a place, and the marks right before them', () => {
    const blocks = blocksOf(
      page(
        '# A',
        '',
        '<!-- run: server -->',
        '<!-- before: a',
        'b -->',
        '',
        '```sh',
        'x',
        '```',
        '```yaml',
        'y: 1',
        '```',
      ),
    );
    expect(blocks).toMatchObject([
      { language: 'sh', text: 'x\n', line: 8 },
      { language: 'yaml', text: 'y: 1\n', line: 11, marks: [] },
    ]);
    expect(blocks.map((block) => [markOf(block, 'run'), markOf(block, 'before'), isShell(block)])).toEqual([
      ['server', 'a\nb', true],
      [null, null, false],
    ]);
  });

  it('have no mark of another block, nor of what a generator left', () => {
    const text = page('<!-- not run: of the first -->', '', '```sh', 'a', '```', '', 'words', '', '```sh', 'b', '```');
    expect(blocksOf(text).map((block) => markOf(block, 'not run'))).toEqual(['of the first', null]);
    expect(only(page('<!-- operations: generated -->', '```sh', 'a', '```')).marks).toEqual([]);
  });

  it('may stand in a list', () => {
    expect(
      only(page('1. so:', '', '   <!-- not run: no -->', '', '   ```sh', '   a \\', '     b', '   ```')),
    ).toMatchObject({
      text: 'a \\\n  b\n',
      marks: [{ word: 'not run', text: 'no' }],
    });
  });

  it('with a mark that is not known are an error', () => {
    expect(() => blocksOf(page('<!-- nor run: oh -->', '```sh', 'a', '```'))).toThrow('nor run');
  });

  it('of a console are commands and what they print', () => {
    const block = only(page('```console', '$ a 1', 'one', '$ b', 'two', '```'));
    expect([commandsOf(block), shownBy(block)]).toEqual(['a 1\nb\n', 'one\ntwo\n']);
  });
});

describe('what a page shows', () => {
  it.each([
    ['what came', 'a\nb', 'a\nb', null],
    ['other figures', 'pid 12, 3.5 s', 'pid 4711, 0.25 s', null],
    ['dots for anything', 'found …', 'found /usr/bin/llama-server', null],
    ['more between', 'a\nc', 'a\nb\nc', null],
    ['other blanks', 'NAME  STATUS', ' NAME      STATUS', null],
    ['another order', 'b\na', 'a\nb', 'a'],
    ['a word that did not come', 'ready', 'failed', 'ready'],
    ['a part of a line', 'ready', 'not ready', 'ready'],
  ])('may be %s', (_, shown, came, missing) => {
    expect(missingLine(shown, came)).toBe(missing);
  });

  it.each([
    ['other words and figures', { a: 1, b: 'x' }, { a: 2, b: 'y', c: true }, null],
    ['a list by its first item', { a: [{ b: 1 }] }, { a: [{ b: 2 }, { b: 3 }] }, null],
    ['an empty list', { a: [1] }, { a: [] }, null],
    ['a field that is not there', { a: { b: 1 } }, { a: {} }, '.a.b'],
    ['another kind', { a: [{ b: 1 }] }, { a: [{ b: '1' }] }, '.a[0].b'],
    ['no list', { a: [] }, { a: {} }, '.a'],
  ])('of JSON may be %s', (_, shown, came, place) => {
    expect(otherPlace(shown, came)).toBe(place);
  });
});

describe('links', () => {
  it('lead to headings as they are spelled in addresses', () => {
    const text = page('# A `b` & c', '## Twice', '## Twice', '### [Linked](x.md) here', '```sh', '# no heading', '```');
    expect(anchorsOf(text)).toEqual(['a-b--c', 'twice', 'twice-1', 'linked-here']);
  });

  it('that lead nowhere are reported', async () => {
    const root = await mkdtemp(path.join(os.tmpdir(), 'llamactl-links-'));
    try {
      await mkdir(path.join(root, 'docs'));
      await writeFile(path.join(root, 'docs', 'b.md'), '# There\n');
      const links = [
        'docs/b.md',
        'docs/b.md#there',
        'docs/',
        '#here',
        'https://example.com',
        'docs/c.md',
        'docs/b.md#not',
      ];
      const text = `# Here\n${links.map((link) => `[x](${link})`).join('\n')}\n\`[x](code.md)\`\n`;
      await writeFile(path.join(root, 'a.md'), text);
      expect(await brokenLinks(root, 'a.md')).toEqual(['a.md: docs/c.md', 'a.md: docs/b.md#not']);
    } finally {
      await rm(root, { recursive: true, force: true });
    }
  });
});
