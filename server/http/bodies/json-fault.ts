import { atOnce, type Sliced } from '../../sliced-work.ts';

/** Whether a UTF-16 unit is white space in JSON. JavaScript's `trim` removes more. */
export function isJsonSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}

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

/**
 * Finds the first error, for a message to people; V8's own message often lacks the position. It does not recurse, so a
 * megabyte of brackets does not overflow the stack.
 *
 * @returns `null` when the text is JSON (RFC 8259).
 */
export function jsonFault(text: string): JsonFault | null {
  return atOnce(jsonFaultInSlices(text));
}

/** Characters, or lines, between two pauses of the work. */
const STEP = 16_384;

/** Like {@link jsonFault}, in slices. */
export function* jsonFaultInSlices(text: string): Sliced<JsonFault | null> {
  const open: ('{' | '[')[] = [];
  let expected: Expectation = 'value';
  let offset = 0;
  let due = STEP;
  for (;;) {
    if (offset >= due) {
      due = offset + STEP;
      yield;
    }
    if (isJsonSpace(text.charCodeAt(offset))) offset = yield* runEnd(isJsonSpace, text, offset);
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
      end = character === '"' ? yield* stringEnd(text, offset) : undefined;
      if (typeof end === 'number') expected = 'colon';
    } else if (expected === 'value' || expected === 'value or ]') {
      if (character === '{' || character === '[') {
        open.push(character);
        end = offset + 1;
        expected = character === '{' ? 'key or }' : 'value or ]';
      } else {
        end = character === '"' ? yield* stringEnd(text, offset) : yield* literalEnd(text, offset);
        if (typeof end === 'number') expected = open.length === 0 ? 'nothing' : 'comma or end';
      }
    }
    if (typeof end === 'string') return { offset, message: end };
    if (end === undefined) return { offset, message: MESSAGES[expected] };
    offset = end;
  }
}

/** Line and column of an offset, both starting at 1. */
export function* placeOf(text: string, offset: number): Sliced<{ line: number; column: number }> {
  let line = 1;
  let lineStart = 0;
  for (let end = text.indexOf('\n'); end !== -1 && end < offset; end = text.indexOf('\n', lineStart)) {
    line += 1;
    lineStart = end + 1;
    if (line % STEP === 0) yield;
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
function* stringEnd(text: string, start: number): Sliced<number | string> {
  let due = start + STEP;
  for (let offset = start + 1; offset < text.length; offset += 1) {
    if (offset >= due) {
      due = offset + STEP;
      yield;
    }
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

/** Returns the end of the number, `true`, `false` or `null` that starts here; `undefined`: it is another word. */
function* literalEnd(text: string, start: number): Sliced<number | undefined> {
  const word = ['true', 'false', 'null'].find((each) => text.startsWith(each, start));
  const end = word === undefined ? yield* numberEnd(text, start) : start + word.length;
  return end === undefined || /[\w.+-]/.test(text.charAt(end)) ? undefined : end;
}

function* numberEnd(text: string, start: number): Sliced<number | undefined> {
  const first = text[start] === '-' ? start + 1 : start;
  let end = yield* runEnd(isDigit, text, first);
  if (end === first || (text[first] === '0' && end > first + 1)) return undefined;
  for (const mark of [/\./y, /[eE][+-]?/y]) {
    mark.lastIndex = end;
    if (!mark.test(text)) continue;
    end = yield* runEnd(isDigit, text, mark.lastIndex);
    if (end === mark.lastIndex) return undefined;
  }
  return end;
}

/**
 * Returns the end of the characters from `start` on that pass the test. A regular expression would match all of them
 * without a pause.
 */
function* runEnd(passes: (code: number) => boolean, text: string, start: number): Sliced<number> {
  let end = start;
  for (; passes(text.charCodeAt(end)); end += 1) if ((end - start) % STEP === STEP - 1) yield;
  return end;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}
