/** A replacement of the text from `from` up to `to`. */
export interface Splice {
  from: number;
  to: number;
  text: string;
}

/**
 * Applies splices. @param splices They do not overlap; an insertion at a removed range takes the place of that range.
 */
export function spliced(text: string, splices: readonly Splice[]): string {
  const pieces: string[] = [];
  let end = 0;
  for (const { from, to, text: inserted } of splices.toSorted((a, b) => a.from - b.from)) {
    pieces.push(text.slice(end, Math.max(end, from)), inserted);
    end = Math.max(end, to);
  }
  return [...pieces, text.slice(end)].join('');
}

/** The start of an offset's line. A byte order mark belongs to no line. */
export function lineStart(text: string, offset: number): number {
  const start = text.lastIndexOf('\n', offset - 1) + 1;
  return start === 0 && text.startsWith('\uFEFF') ? 1 : start;
}

/** The end of an offset's line, without its line end. */
export function lineEnd(text: string, offset: number): number {
  const feed = text.indexOf('\n', offset);
  if (feed === -1) return text.length;
  return text[feed - 1] === '\r' ? feed - 1 : feed;
}

/** Removes whole lines from one offset to another. */
export function withoutLines(text: string, from: number, to: number): Splice {
  const start = lineStart(text, from);
  const end = lineEnd(text, to);
  const next = text.indexOf('\n', end) + 1;
  if (next > 0) return { from: start, to: next, text: '' };
  // The last line has no line end, so remove the one before it.
  return { from: start === 0 || text[start - 1] !== '\n' ? start : lineEnd(text, start - 1), to: end, text: '' };
}

/** Whether only blanks are before an offset in its line. */
export function isFirstInLine(text: string, offset: number): boolean {
  return text.slice(lineStart(text, offset), offset).trim() === '';
}
