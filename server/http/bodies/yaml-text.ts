import { Document, visit } from 'yaml';

/** Control and format characters, and separators of lines and paragraphs: what a reader may drop, or break a line at. */
const UNSEEN = /(?!\n)[\p{C}\p{Zl}\p{Zp}]/u;

/**
 * Texts that the library (yaml 2.9.1) writes without quotes and that need them: it reads ` \n` in its block form back as
 * an empty line, and `=` is a tag of its own in YAML 1.1.
 */
const UNQUOTED = /^[ \t]+$|^=$/m;

/**
 * A value as YAML that reads back as just the same, by readers of YAML 1.2 and of 1.1: texts that one of them would take
 * for something else (`no`, `1_000`, `12:30`) are quoted, and what cannot be seen is written as its number.
 *
 * @param comment One line at the top.
 */
export function yamlText(value: unknown, comment: string): string {
  const document = new Document(value, {
    version: '1.2',
    schema: 'core',
    compat: 'yaml-1.1',
    // No anchors: a change of one value is a change of one place.
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
