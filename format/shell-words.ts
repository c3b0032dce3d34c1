/** One piece of a word, quoted, escaped or plain. A word is a run of pieces without spaces between them. */
const PIECE = /'([^']*)'|"((?:[^"\\]|\\[\s\S])*)"|\\([\s\S])|([^\s'"\\]+)/y;
const PLAIN = /^[\w@%+=:,./-]+$/;

/** Splits a command line as a POSIX shell does, without expansion; `null`: a quote is not closed. */
export function splitWords(text: string): string[] | null {
  const words: string[] = [];
  let word: string | null = null;
  for (let at = 0; at < text.length;) {
    if (/\s/.test(text.charAt(at))) {
      if (word !== null) words.push(word);
      word = null;
      at += 1;
      continue;
    }
    PIECE.lastIndex = at;
    const match = PIECE.exec(text);
    if (match === null) return null;
    const [piece, single, double, escaped, bare] = match;
    word = (word ?? '') + (single ?? double?.replaceAll(/\\(["\\$`])/g, '$1') ?? escaped ?? bare ?? '');
    at += piece.length;
  }
  return word === null ? words : [...words, word];
}

/** Quotes a word for a shell. */
export function shellQuoted(word: string): string {
  return PLAIN.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
