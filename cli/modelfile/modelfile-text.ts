import { EXIT } from '../exit-status.ts';
import { Problem } from '../problem.ts';

/** One instruction of a Modelfile. */
export interface Instruction {
  /** In capitals: `FROM`, `PARAMETER`. */
  word: string;
  /** The first word after `PARAMETER` or `MESSAGE`; otherwise empty. */
  key: string;
  /** Without the quotes around it. */
  value: string;
  /** Of its first line, from 1. */
  line: number;
}

/** All instructions that Ollama has. */
const WORDS: ReadonlySet<string> = new Set([
  'FROM',
  'PARAMETER',
  'TEMPLATE',
  'SYSTEM',
  'ADAPTER',
  'MESSAGE',
  'LICENSE',
  'RENDERER',
  'PARSER',
  'REQUIRES',
]);
const WITH_KEY: ReadonlySet<string> = new Set(['PARAMETER', 'MESSAGE']);

/**
 * Reads the instructions of a Modelfile, as Ollama does. A value in quotes, `"` or `"""`, may have several lines.
 *
 * @param file Its name in messages.
 * @throws {Problem} with the line of the first mistake
 */
export function instructionsOf(text: string, file: string): Instruction[] {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  const instructions: Instruction[] = [];
  for (let at = 0; at < lines.length; at += 1) {
    const line = at + 1;
    const place = `${file}:${line}`;
    const { word, rest } = wordAndRest(lines[at] ?? '');
    if (word === '' || word.startsWith('#')) continue;
    const known = word.toUpperCase();
    if (!WORDS.has(known)) {
      throw new Problem(`${place}: ${word} is no instruction of a Modelfile`, EXIT.usage, [
        `instructions: ${[...WORDS].join(', ')}; text of several lines is written in """`,
      ]);
    }
    const { word: key, rest: afterKey } = WITH_KEY.has(known) ? wordAndRest(rest) : { word: '', rest };
    let quoted = afterKey;
    let value = unquoted(quoted);
    for (; value === null; value = unquoted(quoted)) {
      at += 1;
      const next = lines[at];
      if (next === undefined) throw new Problem(`${place}: the quotes of ${known} are not closed`, EXIT.usage);
      quoted += `\n${next}`;
    }
    if (value === '' && (known === 'FROM' || known === 'PARAMETER'))
      throw new Problem(`${place}: ${known}${key === '' ? '' : ` ${key}`} has no value`, EXIT.usage);
    instructions.push({ word: known, key, value, line });
  }
  return instructions;
}

function wordAndRest(text: string): { word: string; rest: string } {
  const [, word = '', rest = ''] = /^\s*(\S*)\s*(.*)$/s.exec(text) ?? [];
  return { word, rest };
}

/** A value without its quotes; `null`: they are not closed yet. */
function unquoted(text: string): string | null {
  const trimmed = text.trim();
  for (const quotes of ['"""', '"']) {
    if (!trimmed.startsWith(quotes)) continue;
    const isClosed = trimmed.length >= 2 * quotes.length && trimmed.endsWith(quotes);
    return isClosed ? trimmed.slice(quotes.length, -quotes.length) : null;
  }
  return trimmed;
}

/** A value as it stands in a Modelfile; `null`: a Modelfile cannot have it, because quotes in it would end it. */
export function quotedValue(text: string): string | null {
  if (/^[^\s"#][^\n]*$/.test(text) && text.trim() === text) return text;
  if (text.includes('"""') || text.startsWith('"') || text.endsWith('"')) {
    const quoted = `"${text}"`;
    return text.includes('\n') || quoted.startsWith('"""') ? null : quoted;
  }
  return text.includes('\n') ? `"""${text}"""` : `"${text}"`;
}
