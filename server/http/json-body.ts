import { ApiError, MOST_PROBLEMS, type Problem } from '@llamactl/contract/errors';
import { jsonFault, placeOf } from './json-fault.ts';
import { childPath, validationError } from './problems.ts';

/** Far more than any request needs; keeps everything behind us free to recurse. */
export const DEEPEST = 32;

/**
 * The value in a body of JSON (UTF-8, with or without a byte order mark); `undefined` when the body is empty.
 *
 * Throws `INVALID_JSON` with the place of the fault, or `VALIDATION_ERROR` for what is JSON but must not go further:
 * the name `__proto__`, which means something else to JavaScript; half a surrogate pair, which no file or database
 * keeps; and deep nesting.
 */
export function parseJsonBody(bytes: Buffer): unknown {
  if (bytes.length === 0) return undefined;
  const text = decodeUtf8(bytes);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const fault = jsonFault(text);
    if (fault === null) throw error;
    const { line, column } = placeOf(text, fault.offset);
    throw new ApiError('INVALID_JSON', 'The body is not valid JSON.', {
      details: `line ${line}, column ${column}: ${fault.message}`,
    });
  }
  const problems = unsafeParts(value);
  if (problems.length > 0) throw validationError(problems);
  return value;
}

function decodeUtf8(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new ApiError('INVALID_JSON', 'The body is not valid JSON.', { details: 'it is not UTF-8 text' });
  }
}

/** What must not go further, whatever it was written in. Without recursion: the value may be nested a hundred thousand deep. */
export function unsafeParts(root: unknown): Problem[] {
  const problems: Problem[] = [];
  const pending: { value: unknown; path: string; depth: number }[] = [{ value: root, path: '', depth: 0 }];
  for (let next = pending.pop(); next !== undefined && problems.length < MOST_PROBLEMS; next = pending.pop()) {
    const { value, path, depth } = next;
    if (typeof value === 'string' && !value.isWellFormed()) problems.push({ path, message: 'must be valid Unicode' });
    if (typeof value !== 'object' || value === null) continue;
    if (depth === DEEPEST) {
      problems.push({ path, message: `must not be nested deeper than ${DEEPEST} levels` });
      continue;
    }
    for (const [key, child] of Object.entries(value)) {
      if (problems.length === MOST_PROBLEMS) break;
      const childAt = childPath(path, Array.isArray(value) ? Number(key) : key);
      if (key === '__proto__' || !key.isWellFormed())
        problems.push({ path: childAt, message: 'is not a possible name' });
      else pending.push({ value: child, path: childAt, depth: depth + 1 });
    }
  }
  return problems.toReversed();
}
