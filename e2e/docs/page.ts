/** What a comment right before a block says of it, for the tests: `<!-- word: text -->`. */
export interface Mark {
  word: string;
  text: string;
}

/** A block of a page, between two lines of backticks. */
export interface Block {
  language: string;
  text: string;
  /** Of the page, at which its text begins. */
  line: number;
  marks: readonly Mark[];
}

/** Marks of a block; docs/README.md explains each to writers of pages. */
const WORDS = ['run', 'not run', 'before', 'file', 'output', 'fails', 'run by', 'not checked'] as const;
type Word = (typeof WORDS)[number];

const SHELL = new Set(['sh', 'bash', 'console']);
/** Comments and empty lines, then the block: what stands right before it belongs to it. */
const BLOCK =
  /(?<comments>(?:^ *<!--(?:(?!-->)[^])*-->\n\s*)*)^(?<indent> *)```(?<language>[\w-]*)\n(?<text>[^]*?)^ *```$/gm;
const COMMENT = /<!--\s*(?<word>[a-z ]+?)(?::\s*(?<text>[^]*?))?\s*-->/g;

/** The blocks of a page, in order. @throws {Error} for a mark that is not known: it would be overlooked */
export function blocksOf(page: string): Block[] {
  return [...page.matchAll(BLOCK)].map((match) => {
    const { comments = '', indent = '', language = '', text = '' } = match.groups ?? {};
    const before = page.slice(0, match.index + match[0].indexOf('```'));
    return {
      language,
      text: text.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
      line: before.split('\n').length + 1,
      marks: marksOf(comments),
    };
  });
}

function marksOf(comments: string): Mark[] {
  return [...comments.matchAll(COMMENT)].flatMap(({ groups = {} }) => {
    const { word = '', text = '' } = groups;
    // What a generator leaves: it is no mark.
    if (text === 'generated' || word === 'end') return [];
    if (!WORDS.some((known) => known === word)) throw new Error(`<!-- ${word}: … --> is no mark that is known`);
    return [{ word, text }];
  });
}

/** Whether it is commands for a shell. */
export function isShell({ language }: Block): boolean {
  return SHELL.has(language);
}

/** The text of a mark; `null`: the block has none of this word. */
export function markOf({ marks }: Block, word: Word): string | null {
  return marks.find((mark) => mark.word === word)?.text ?? null;
}

/** A text in which each of these has to be found, to be replaced. @throws {Error} one is not there */
export function replaced(whole: string, replacements: Readonly<Record<string, string>>): string {
  return Object.entries(replacements).reduce((result, [from, to]) => {
    if (!result.includes(from)) throw new Error(`the page says nothing of ${from}`);
    return result.replaceAll(from, () => to);
  }, whole);
}

/** What a shell is given: of a console, what stands behind the `$`. */
export function commandsOf({ language, text }: Block): string {
  if (language !== 'console') return text;
  return [...text.matchAll(/^\$ (.*)$/gm)].map(([, command = '']) => `${command}\n`).join('');
}

/** What a console shows beside its commands. */
export function shownBy({ language, text }: Block): string {
  return language === 'console' ? text.replaceAll(/^\$ .*\n/gm, '') : text;
}
