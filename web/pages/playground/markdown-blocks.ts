import { Lexer, type Token, type Tokens } from 'marked';

/** A top part of a Markdown text: a paragraph, a list, a block of code. */
export interface MarkdownBlock {
  /** Its Markdown. A part with the same text does not render again. */
  raw: string;
  token: Token;
}

/** A Markdown text in its parts. */
export interface MarkdownText {
  text: string;
  blocks: readonly MarkdownBlock[];
}

/** The last parts may still change when the text grows: a list gets an item, a line becomes a heading. */
const OPEN_BLOCKS = 2;

/** Levels of quotes, lists and emphasis that are shown; the layout of thousands would end the tab. */
const MOST_LEVELS = 24;

/**
 * Splits a Markdown text into its parts. No HTML is made: tags stay text.
 *
 * @param before The parts of an earlier state. If the text only grew, its closed parts are taken from there, so that a
 *   long answer costs the same for each piece.
 */
export function markdownBlocks(text: string, before: MarkdownText | null = null): MarkdownText {
  const normal = text.replaceAll(/\r\n?/g, '\n');
  const closed = before !== null && normal.startsWith(before.text) ? before.blocks.slice(0, -OPEN_BLOCKS) : [];
  const from = closed.reduce((length, { raw }) => length + raw.length, 0);
  const rest = lexed(normal.slice(from));
  const blocks = [...closed, ...rest];
  const isWhole = blocks.reduce((length, { raw }) => length + raw.length, 0) === normal.length;
  // Lengths that differ would take the closed parts from a wrong place.
  return { text: isWhole ? normal : '\0', blocks };
}

function lexed(text: string): MarkdownBlock[] {
  try {
    const tokens = new Lexer({ gfm: true }).lex(text);
    return tokens.map((token) => ({
      raw: token.raw,
      token: isDeeper(token, MOST_LEVELS) ? textToken(token.raw) : token,
    }));
  } catch (error) {
    // Thousands of nested quotes are deeper than the stack.
    if (!(error instanceof RangeError)) throw error;
    return [{ raw: text, token: textToken(text) }];
  }
}

function textToken(raw: string): Token {
  return { type: 'text', raw, text: raw, escaped: false };
}

/** Whether a part has more levels than that. Items of a list are a level of their own. */
function isDeeper(token: Token, levels: number): boolean {
  if (levels === 0) return true;
  const tokens = 'tokens' in token ? (token.tokens ?? []) : [];
  const items = token.type === 'list' ? (token as Tokens.List).items : [];
  return [...tokens, ...items].some((inner) => isDeeper(inner, levels - 1));
}

/** Returns the address of a link that a reader may open; `null`: only its text is shown. */
export function openableAddress(href: string): string | null {
  const url = URL.parse(href);
  return url !== null && ['http:', 'https:', 'mailto:'].includes(url.protocol) ? url.href : null;
}

const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  '#39': "'",
  nbsp: '\u00A0',
};

/** Replaces the few entities that models write. */
export function plainText(text: string): string {
  return text.includes('&')
    ? text.replaceAll(/&(amp|lt|gt|quot|#39|nbsp);/g, (whole, name: string) => ENTITIES[name] ?? whole)
    : text;
}
