import { Document, visit } from 'yaml';
import type { Sliced } from '../../sliced-work.ts';

/**
 * Control and format characters, and separators of lines and paragraphs: readers may drop them, or break a line there.
 */
const UNSEEN = /(?!\n)[\p{C}\p{Zl}\p{Zp}]/u;

/**
 * Strings that need quotes although the library (yaml 2.9.1) writes them without. Its block form of ` \n` reads back as
 * an empty line, and `=` is a tag in YAML 1.1.
 */
const UNQUOTED = /^[ \t]+$|^=$/m;

/**
 * Writes a document with one long list as YAML, in slices. An item of an export takes 0.2 ms, so a thousand at once
 * would block the event loop for 200 ms. Writes the same text as {@link yamlText}.
 *
 * @param key Name of the list, which is the last member of the document.
 */
export function* yamlListText(
  head: Readonly<Record<string, unknown>>,
  key: string,
  items: readonly unknown[],
  comment: string,
): Sliced<string> {
  if (items.length === 0) return yamlText({ ...head, [key]: items }, comment);
  const top = yamlText(head, comment);
  let text = `${top}${key}:\n`;
  for (const item of items) {
    // Without the comment and the line of the list.
    text += yamlText({ [key]: [item] }, '')
      .split('\n')
      .slice(2)
      .join('\n');
    yield;
  }
  return text;
}

/**
 * Writes a value as YAML that readers of YAML 1.2 and 1.1 read back identically. Strings that either version would read
 * differently (`no`, `1_000`, `12:30`) are quoted. Invisible characters are escaped.
 *
 * @param comment One line at the top.
 */
export function yamlText(value: unknown, comment: string): string {
  const document = new Document(value, {
    version: '1.2',
    schema: 'core',
    compat: 'yaml-1.1',
    // No anchors, so that an edit of one value changes no other.
    aliasDuplicateObjects: false,
  });
  visit(document, {
    Scalar: (_key, node) => {
      if (typeof node.value !== 'string') return;
      if (UNSEEN.test(node.value) || UNQUOTED.test(node.value)) node.type = 'QUOTE_DOUBLE';
    },
  });
  const text = document.toString({ lineWidth: 0 });
  return `# ${comment}\n${text.replaceAll(new RegExp(UNSEEN, 'gu'), escaped)}`;
}

function escaped(character: string): string {
  const code = (character.codePointAt(0) ?? 0).toString(16);
  return code.length <= 4 ? `\\u${code.padStart(4, '0')}` : `\\U${code.padStart(8, '0')}`;
}
