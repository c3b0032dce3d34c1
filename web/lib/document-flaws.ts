import { parseDocument } from 'yaml';

/** A mistake in the form of a text. */
export interface Flaw {
  from: number;
  to: number;
  /** Kind of mistake: a code of the YAML parser; `JSON`, or `JSON_END` for a text that breaks off. */
  code: string;
  /** In English. */
  message: string;
}

/** Finds the mistakes in a YAML text, which may be JSON. */
export function yamlFlaws(text: string): Flaw[] {
  const { errors } = parseDocument(text, { prettyErrors: false });
  return errors.map(({ code, message, pos: [from, to] }) => ({
    from: Math.min(from, text.length),
    to: Math.min(Math.max(from, to), text.length),
    code,
    message,
  }));
}

/** Finds the first mistake in a JSON text. */
export function jsonFlaws(text: string): Flaw[] {
  if (text.trim() === '') return [];
  try {
    JSON.parse(text);
    return [];
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const from = Math.min(positionIn(error.message, text), text.length);
    // The position stands at the mark of its line.
    const message = error.message.replace(/(?: in JSON)?(?: at position \d+| at line \d+ column \d+).*$/, '');
    const code = /\bend of\b|unterminated/i.test(error.message) ? 'JSON_END' : 'JSON';
    return [{ from, to: Math.min(from + 1, text.length), code, message }];
  }
}

/** Browsers name the place of a mistake in the message only; one of them names no place at the end of a text. */
function positionIn(message: string, text: string): number {
  const position = /at position (\d+)/.exec(message)?.[1];
  if (position !== undefined) return Number(position);
  const [, line, column] = /at line (\d+) column (\d+)/.exec(message) ?? [];
  if (line === undefined || column === undefined) return text.length;
  const before = text.split('\n').slice(0, Number(line) - 1);
  return before.join('\n').length + (before.length > 0 ? 1 : 0) + Number(column) - 1;
}
