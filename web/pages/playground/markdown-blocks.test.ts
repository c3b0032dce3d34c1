import { describe, expect, it } from 'vitest';
import { markdownBlocks, openableAddress, plainText, type MarkdownText } from './markdown-blocks.ts';

const LONG = `# Title

A paragraph
of two lines.

- one
- two

\`\`\`js
const a = 1;
\`\`\`

| a | b |
|---|---|
| 1 | 2 |

Last *words*.`;

const types = ({ blocks }: MarkdownText): string[] =>
  blocks.map(({ token }) => token.type).filter((type) => type !== 'space');

describe('the parts of a Markdown text', () => {
  it('are blocks, and tags of HTML stay tokens with their text', () => {
    expect(types(markdownBlocks(LONG))).toEqual(['heading', 'paragraph', 'list', 'code', 'table', 'paragraph']);
    const [block] = markdownBlocks('<img src=x onerror=alert(1)>').blocks;
    expect(block?.raw).toBe('<img src=x onerror=alert(1)>');
  });

  it('of a growing text are the same as of the whole text, at every length', () => {
    let growing: MarkdownText | null = null;
    for (let length = 1; length <= LONG.length; length += 1) {
      growing = markdownBlocks(LONG.slice(0, length), growing);
      expect(growing.blocks.map(({ raw }) => raw)).toEqual(
        markdownBlocks(LONG.slice(0, length)).blocks.map(({ raw }) => raw),
      );
    }
  });

  it('that are closed are not parsed again', () => {
    const before = markdownBlocks(LONG);
    const after = markdownBlocks(`${LONG} More.`, before);
    expect(after.blocks[0]).toBe(before.blocks[0]);
    expect(after.blocks.at(-1)?.raw).toContain('More.');
  });

  it('of another text are not taken from the earlier one', () => {
    expect(types(markdownBlocks('Other', markdownBlocks(LONG)))).toEqual(['paragraph']);
  });

  it.each([
    ['quotes', '>'],
    ['lists', '- '],
    ['links', '['],
  ])('of thousands of nested %s are plain text', (_kind, sign) => {
    for (const depth of [100, 5_000]) {
      const text = `${sign.repeat(depth)} a`;
      const { blocks } = markdownBlocks(text);
      const levels = JSON.stringify(blocks).split('"tokens"').length;
      expect(levels).toBeLessThan(30);
      expect(blocks.map(({ raw }) => raw).join('')).toBe(text);
    }
  });

  it('have the same form for lines that end with a carriage return', () => {
    expect(types(markdownBlocks('# a\r\n\r\nb'))).toEqual(['heading', 'paragraph']);
  });
});

describe('an address of a model', () => {
  it.each([
    ['https://example.com/a', 'https://example.com/a'],
    ['mailto:a@example.com', 'mailto:a@example.com'],
    ['javascript:alert(1)', null],
    ['JaVaScRiPt:alert(1)', null],
    ['data:text/html,x', null],
    ['/api/instances', null],
    ['vbscript:x', null],
  ])('%s opens as %s', (href, address) => {
    expect(openableAddress(href)).toBe(address);
  });
});

it('shows entities as their characters, and nothing else', () => {
  expect(plainText('a &amp; b &lt;c&gt; &copy; &amp;lt;')).toBe('a & b <c> &copy; &lt;');
});
