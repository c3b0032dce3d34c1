/** Words that a shell reads as they are. */
const PLAIN = /^[\w@%+=:,./-]+$/;

/** Writes a command for a shell: an option with its value on each line. */
export function commandText(argv: readonly string[]): string {
  const lines: string[] = [];
  for (const [at, word] of argv.entries()) {
    const text = PLAIN.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
    const isValue = at > 1 && !isFlag(word) && isFlag(argv[at - 1] ?? '');
    if (isValue) lines.push(`${lines.pop() ?? ''} ${text}`);
    else lines.push(text);
  }
  return lines.join(' \\\n  ');
}

/** Whether a word is a flag, and not a negative number. */
function isFlag(word: string): boolean {
  return /^--?[a-z]/i.test(word);
}
