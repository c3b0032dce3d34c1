import { ApiError, MOST_PROBLEMS, type Problem } from '@llamactl/contract/errors';
import { jsonFaultInSlices, placeOf } from './json-fault.ts';
import { childPath, joinedPath, validationError } from './problems.ts';
import { atOnce, type Sliced } from '../../sliced-work.ts';
import { jsonSize, tooManyValues, tooManyEntries } from './value-count.ts';

/** Deepest nesting of a body. Far more than any request needs, but code that handles the body may recurse. */
export const DEEPEST = 32;

/**
 * Parses a JSON body (UTF-8, with or without a byte order mark). Returns `undefined` when the body is empty.
 *
 * Throws `INVALID_JSON` with the position of the error. Throws `VALIDATION_ERROR` for valid JSON that is refused:
 *
 * - the name `__proto__`, which is special in JavaScript;
 * - half a surrogate pair, which no file or database stores;
 * - deep nesting.
 */
export function parseJsonBody(bytes: Buffer): unknown {
  return atOnce(jsonBody(bytes, null));
}

/**
 * Like {@link parseJsonBody}, in slices. Also throws `VALIDATION_ERROR` when the body holds too many values, before
 * they are created.
 *
 * @param listName Name of a list in the outermost object. Each of its entries is parsed separately and may hold as many
 * values as a body. The names of that object must be unique, as in YAML.
 */
export function* jsonBody(bytes: Buffer, listName: string | null): Sliced<unknown> {
  if (bytes.length === 0) return undefined;
  const text = decodeUtf8(bytes);
  const { hasTooMany, list, repeated } = yield* jsonSize(text, listName);
  if (hasTooMany) throw validationError([tooManyValues('')]);
  if (list === null) {
    const value = yield* parsed(text, text, '');
    if (repeated !== null) throw yield* givenTwice(text, repeated);
    return value;
  }
  const { entries, start, end, isTooLong } = list;
  const name = listName ?? '';
  if (isTooLong) throw validationError([tooManyEntries(name)]);
  const problems = entries.flatMap(({ hasTooMany }, index) =>
    hasTooMany ? [tooManyValues(childPath(name, index))] : [],
  );
  if (problems.length > 0) throw validationError(problems.slice(0, MOST_PROBLEMS));
  const values: unknown[] = [];
  for (const [index, entry] of entries.entries()) {
    values.push(yield* parsed(text.slice(entry.start, entry.end), text, childPath(name, index), 2));
    yield;
  }
  const whole = yield* parsed(text.slice(0, start) + text.slice(end), text, '');
  if (repeated !== null) throw yield* givenTwice(text, repeated);
  return Object.assign(whole as object, { [name]: values });
}

function* givenTwice(text: string, { name, offset }: { name: string; offset: number }): Sliced<ApiError> {
  const { line, column } = yield* placeOf(text, offset);
  return validationError([{ path: childPath('', name), message: `is given twice (line ${line}, column ${column})` }]);
}

/**
 * Parses a part of the text.
 *
 * @param part The part, without the entries that were parsed before.
 * @param path Path of its value.
 */
function* parsed(part: string, text: string, path: string, depth = 0): Sliced<unknown> {
  let value: unknown;
  try {
    value = JSON.parse(part);
  } catch (error) {
    const fault = yield* jsonFaultInSlices(text);
    if (fault === null) throw error;
    const { line, column } = yield* placeOf(text, fault.offset);
    throw new ApiError('INVALID_JSON', 'The body is not valid JSON.', {
      details: `line ${line}, column ${column}: ${fault.message}`,
    });
  }
  const problems = unsafeParts(value, depth);
  if (problems.length > 0) throw validationError(problems.map((problem) => joinedPath(path, problem)));
  return value;
}

function decodeUtf8(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new ApiError('INVALID_JSON', 'The body is not valid JSON.', { details: 'it is not UTF-8 text' });
  }
}

/** An object or a list in the body. The links to parents give its path, which is rarely needed as text. */
interface Node {
  value: object;
  /** `null`: the value is the whole body. */
  parent: Node | null;
  /** Name or index in the parent. */
  step: string | number;
  depth: number;
}

/**
 * Finds values that no JSON or YAML body may hold; at most {@link MOST_PROBLEMS} problems. It does not recurse, because
 * a value may be nested a hundred thousand levels deep. It creates a path only for a problem, because a caller without
 * credentials can send a megabyte of members.
 *
 * @param depth Depth of `root` in the body.
 */
export function unsafeParts(root: unknown, depth = 0): Problem[] {
  const problems: Problem[] = [];
  if (typeof root === 'string' && !root.isWellFormed()) problems.push({ path: '', message: 'must be valid Unicode' });
  if (typeof root !== 'object' || root === null) return problems;
  const pending: Node[] = [{ value: root, parent: null, step: '', depth }];
  for (let node = pending.pop(); node !== undefined && problems.length < MOST_PROBLEMS; node = pending.pop()) {
    if (node.depth === DEEPEST)
      problems.push({ path: pathOf(node), message: `must not be nested deeper than ${DEEPEST} levels` });
    else if (Array.isArray(node.value)) inspectItems(node.value, node, pending, problems);
    else inspectMembers(node.value, node, pending, problems);
  }
  return problems.toReversed();
}

function inspectItems(items: readonly unknown[], node: Node, pending: Node[], problems: Problem[]): void {
  for (let index = 0; index < items.length && problems.length < MOST_PROBLEMS; index += 1)
    inspect(items[index], index, node, pending, problems);
}

function inspectMembers(value: object, node: Node, pending: Node[], problems: Problem[]): void {
  for (const [name, member] of Object.entries(value)) {
    if (problems.length === MOST_PROBLEMS) return;
    if (name === '__proto__' || !name.isWellFormed())
      problems.push({ path: childPath(pathOf(node), name), message: 'is not a possible name' });
    else inspect(member, name, node, pending, problems);
  }
}

/** Checks a string at once, and queues an object. Other values are always valid. */
function inspect(value: unknown, step: string | number, parent: Node, pending: Node[], problems: Problem[]): void {
  if (typeof value === 'string') {
    if (!value.isWellFormed())
      problems.push({ path: childPath(pathOf(parent), step), message: 'must be valid Unicode' });
  } else if (typeof value === 'object' && value !== null) {
    pending.push({ value, parent, step, depth: parent.depth + 1 });
  }
}

/** Path of a node; at most {@link DEEPEST} steps long. */
function pathOf(node: Node): string {
  return node.parent === null ? '' : childPath(pathOf(node.parent), node.step);
}
