import { stripVTControlCharacters } from 'node:util';
import { HIDDEN_CHARACTERS, HIDDEN_TAGS } from '@llamactl/contract/hidden-characters';
import fastStringWidth from 'fast-string-width';

/** Characters that move the cursor, ring the bell, or hide text. {@link plain} replaces tabs and line feeds itself. */
const CONTROL = new RegExp(String.raw`[\p{Cc}--[\t\n]]|[${HIDDEN_CHARACTERS}${HIDDEN_TAGS}]`, 'gv');
const PRINTABLE_ASCII = /^[ -~]*$/;
/** The zero-width non-joiner separates letters of Persian and Indian scripts, and takes no column. */
const NON_JOINER = '\u200c';

/**
 * Makes text of engines, files and models safe for a terminal. Removes characters that move its cursor, change its
 * title, reverse the text or hide part of it.
 *
 * @param lines Whether line feeds stay.
 */
export function plain(text: string, lines: 'one line' | 'many lines' = 'one line'): string {
  const readable = stripVTControlCharacters(text.replaceAll('\r\n', '\n')).replaceAll(CONTROL, '');
  const spaced = readable.replaceAll('\t', '  ');
  return lines === 'many lines' ? spaced : spaced.replaceAll('\n', ' ');
}

/** The columns of a text on a terminal. */
export function widthOf(text: string): number {
  return PRINTABLE_ASCII.test(text) ? text.length : fastStringWidth(text.replaceAll(NON_JOINER, ''));
}

/** Splits a text into what a person sees as characters. The first `Intl.Segmenter` takes 30 ms, so ASCII does without. */
function graphemesOf(text: string): string[] {
  if (PRINTABLE_ASCII.test(text)) return text.split('');
  return [...new Intl.Segmenter().segment(text)].map(({ segment }) => segment);
}

/** Cuts a text to `columns`, with `…` at the cut. @param end The end to keep: the end of a path says more. */
export function cut(text: string, columns: number, end: 'start' | 'end' = 'start'): string {
  if (widthOf(text) <= columns) return text;
  if (columns <= 1) return '…'.slice(0, Math.max(0, columns));
  const graphemes = graphemesOf(text);
  if (end === 'end') graphemes.reverse();
  let kept: string[] = [];
  let left = columns - 1;
  for (const grapheme of graphemes) {
    left -= widthOf(grapheme);
    if (left < 0) break;
    kept.push(grapheme);
  }
  if (end === 'end') kept = kept.toReversed();
  return end === 'end' ? `…${kept.join('')}` : `${kept.join('')}…`;
}

/** Fills a text with spaces to `columns`. */
export function padded(text: string, columns: number, side: 'left' | 'right' = 'left'): string {
  const space = ' '.repeat(Math.max(0, columns - widthOf(text)));
  return side === 'left' ? text + space : space + text;
}

/** Least columns for text. On a narrower terminal, the terminal itself breaks the lines. */
const READABLE = 20;

/** Returns the columns for text beside `taken` columns, but at least {@link READABLE}. */
export function roomBeside(taken: number, columns: number): number {
  return Math.max(READABLE, columns - taken);
}

/** Wraps a text at `columns`, between words. Breaks a word only if it is longer than a line. */
export function wrapped(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ').flatMap((each) => pieces(each, columns))) {
    if (line !== '' && widthOf(line) + 1 + widthOf(word) > columns) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

function pieces(word: string, columns: number): string[] {
  const found: string[] = [''];
  for (const grapheme of graphemesOf(word)) {
    const last = found.at(-1) ?? '';
    if (last !== '' && widthOf(last + grapheme) > columns) found.push(grapheme);
    else found.splice(-1, 1, last + grapheme);
  }
  return found;
}
