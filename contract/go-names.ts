/** Abbreviations that Go writes in capitals. */
const INITIALISMS = new Set(['api', 'cpu', 'gpu', 'hf', 'id', 'json', 'mb', 'os', 'pid', 'ttl', 'uri', 'url']);

/** Converts a name of the API, in `snake_case` or `CAPITALS`, to an exported name of Go. */
export function goName(name: string): string {
  return name
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '')
    .map(goWord)
    .join('');
}

function goWord(word: string): string {
  if (INITIALISMS.has(word)) return word.toUpperCase();
  const isPlural = word.endsWith('s') && INITIALISMS.has(word.slice(0, -1));
  if (isPlural) return `${word.slice(0, -1).toUpperCase()}s`;
  return word.charAt(0).toUpperCase() + word.slice(1);
}

/** Writes a text as a Go comment, in lines of limited width. */
export function goComment(text: string, indent: string, width = 110): string {
  const lines: string[] = [''];
  for (const word of text.split(/\s+/)) {
    const line = lines.at(-1) ?? '';
    if (line !== '' && line.length + word.length + 1 > width) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines.map((line) => `${indent}// ${line}\n`).join('');
}
