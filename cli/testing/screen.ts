/* The content of a terminal after output; supports the escape sequences that the program uses. */

const ESCAPE = String.fromCodePoint(27);
const PIECE = new RegExp(`${ESCAPE}\\[(\\d*)([A-Za-z])|[^${ESCAPE}]`, 'gsu');

/** The lines of a terminal after this output, without trailing empty ones and colours. */
export function screenAfter(output: string): string[] {
  const lines: string[][] = [[]];
  let row = 0;
  let column = 0;
  for (const [piece, digits = '', code] of output.matchAll(PIECE)) {
    const line = (lines[row] ??= []);
    const number = digits === '' ? 1 : Number(digits);
    if (piece === '\n') {
      row += 1;
      column = 0;
      lines[row] ??= [];
    } else if (piece === '\r') column = 0;
    else if (code === undefined) line[column++] = piece;
    else if (code === 'A') row = Math.max(0, row - number);
    else if (code === 'K') line.length = Math.min(line.length, column);
    else if (code === 'J') {
      line.length = Math.min(line.length, column);
      lines.length = row + 1;
    } else if (code !== 'm') throw new Error(`not known here: ${JSON.stringify(piece)}`);
  }
  const texts = lines.map((line) => Array.from(line, (character) => character ?? ' ').join(''));
  return texts.slice(0, texts.findLastIndex((text) => text !== '') + 1);
}
