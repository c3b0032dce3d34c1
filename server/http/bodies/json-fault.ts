import { atOnce, type Sliced } from '../../sliced-work.ts';

/** The first error in a JSON text. */
export interface JsonFault {
  /** In UTF-16 units from the start; the length of the text if the text ends too early. */
  offset: number;
  /** Describes the unexpected or missing token. */
  message: string;
}

type Expectation = 'value' | 'value or ]' | 'key' | 'key or }' | 'colon' | 'comma or end' | 'nothing';

const MESSAGES: Record<Expectation, string> = {
  value: 'a value is expected',
  'value or ]': 'a value or ] is expected',
  key: 'a name in double quotes is expected',
  'key or }': 'a name in double quotes or } is expected',
  colon: 'a colon is expected',
  'comma or end': 'a comma or the closing bracket is expected',
  nothing: 'nothing more is expected',
};

const LITERAL = /(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.+-])/y;
const SPACE = /[ \t\n\r]*/y;

/**
 * Finds the first error, for a message to people; V8's own message often lacks the position. It does not recurse, so a
 * megabyte of brackets does not overflow the stack.
 *
 * @returns `null` when the text is JSON (RFC 8259).
 */
export function jsonFault(text: string): JsonFault | null {
  return atOnce(jsonFaultInSlices(text));
}

/** Tokens between two pauses of the work. */
const STEP = 1_000;

/** Like {@link jsonFault}, in slices. */
export function* jsonFaultInSlices(text: string): Sliced<JsonFault | null> {
  const open: ('{' | '[')[] = [];
  let expected: Expectation = 'value';
  let offset = 0;
  for (let tokens = 1; ; tokens += 1) {
    if (tokens % STEP === 0) yield;
    offset = matchEnd(SPACE, text, offset) ?? offset;
    const character = text[offset];
    if (character === undefined) {
      return expected === 'nothing' ? null : { offset, message: `it ends too early: ${MESSAGES[expected]}` };
    }

    let end: number | string | undefined;
    if (expected === 'comma or end' && character === ',') {
      end = offset + 1;
      expected = open.at(-1) === '{' ? 'key' : 'value';
    } else if (closes(character, expected, open)) {
      end = offset + 1;
      open.pop();
      expected = open.length === 0 ? 'nothing' : 'comma or end';
    } else if (expected === 'colon' && character === ':') {
      end = offset + 1;
      expected = 'value';
    } else if (expected === 'key' || expected === 'key or }') {
      end = character === '"' ? stringEnd(text, offset) : undefined;
      if (typeof end === 'number') expected = 'colon';
    } else if (expected === 'value' || expected === 'value or ]') {
      if (character === '{' || character === '[') {
        open.push(character);
        end = offset + 1;
        expected = character === '{' ? 'key or }' : 'value or ]';
      } else {
        end = character === '"' ? stringEnd(text, offset) : matchEnd(LITERAL, text, offset);
        if (typeof end === 'number') expected = open.length === 0 ? 'nothing' : 'comma or end';
      }
    }
    if (typeof end === 'string') return { offset, message: end };
    if (end === undefined) return { offset, message: MESSAGES[expected] };
    offset = end;
  }
}

/** Line and column of an offset, both starting at 1. */
export function placeOf(text: string, offset: number): { line: number; column: number } {
  let line = 1;
  let lineStart = 0;
  for (let end = text.indexOf('\n'); end !== -1 && end < offset; end = text.indexOf('\n', lineStart)) {
    line += 1;
    lineStart = end + 1;
  }
  return { line, column: offset - lineStart + 1 };
}

function closes(character: string, expected: Expectation, open: readonly string[]): boolean {
  const innermost = open.at(-1);
  if (character === '}') return innermost === '{' && (expected === 'comma or end' || expected === 'key or }');
  if (character === ']') return innermost === '[' && (expected === 'comma or end' || expected === 'value or ]');
  return false;
}

/** Returns the end of the string that starts here, or a message about its error. */
function stringEnd(text: string, start: number): number | string {
  for (let offset = start + 1; offset < text.length; offset += 1) {
    const character = text.charAt(offset);
    if (character === '"') return offset + 1;
    if (character < ' ') return 'the string that starts here holds a control character, such as a line break';
    if (character !== '\\') continue;
    offset += 1;
    const escaped = text.charAt(offset);
    if (
      escaped === 'u' ? !/^[0-9a-fA-F]{4}$/.test(text.slice(offset + 1, offset + 5)) : !'"\\/bfnrt'.includes(escaped)
    ) {
      return 'the string that starts here holds a backslash that escapes nothing';
    }
  }
  return 'the string that starts here does not end';
}

/**
 * Returns the end of a sticky pattern's match at the offset. Copying the pattern for each token would take four times
 * as long.
 */
function matchEnd(pattern: RegExp, text: string, offset: number): number | undefined {
  pattern.lastIndex = offset;
  return pattern.test(text) ? pattern.lastIndex : undefined;
}
