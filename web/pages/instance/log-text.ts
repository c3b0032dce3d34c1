/** Texts of a log, prepared for the screen. Output of engines may hold anything. */

/** Characters that have no shape of their own, or turn the direction of what follows. */
// oxlint-disable-next-line no-control-regex -- they are what is looked for
const INVISIBLE = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g;

/** Returns a text in which control characters can be seen, so that they do nothing. */
export function visibleText(text: string): string {
  return text.replaceAll(INVISIBLE, (character) => {
    const code = character.charCodeAt(0);
    // Unicode has pictures of the first 32.
    if (code < 32) return String.fromCharCode(0x24_00 + code);
    return `⟨${code.toString(16).padStart(4, '0')}⟩`;
  });
}

/** Returns the expression that finds a text, ignoring case. @param query Not empty. */
export function searchPattern(query: string): RegExp {
  return new RegExp(query.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`), 'gi');
}

/** A part of a text, and whether the search found it. */
export interface TextPart {
  text: string;
  isFound: boolean;
}

/** Divides a text at what a search finds. @param pattern `null`: nothing is searched. */
export function textParts(text: string, pattern: RegExp | null): TextPart[] {
  if (pattern === null) return [{ text, isFound: false }];
  const parts: TextPart[] = [];
  let from = 0;
  for (const { 0: found, index } of text.matchAll(pattern)) {
    if (index > from) parts.push({ text: text.slice(from, index), isFound: false });
    parts.push({ text: found, isFound: true });
    from = index + found.length;
  }
  if (from < text.length || parts.length === 0) parts.push({ text: text.slice(from), isFound: false });
  return parts;
}

// East Asian wide characters and emoji take two columns of a monospaced font.
const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{1f300}-\u{1faff}]/gu;

/** Returns how many lines of the screen a text takes. @param columns Characters in a line of the screen. */
export function screenLines(text: string, columns: number): number {
  if (columns < 1 || text.length * 2 <= columns) return 1;
  const wide = text.match(WIDE)?.reduce((sum, character) => sum + 3 - character.length, 0) ?? 0;
  // Columns at the end of a line stay empty if the next character is a wide one.
  const width = text.length + wide - (text.match(WIDE)?.length ?? 0);
  return Math.max(1, Math.ceil(width / (wide > 0 ? columns - 1 : columns)));
}
