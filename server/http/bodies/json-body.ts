import { ApiError, MOST_PROBLEMS, type Problem } from '@llamactl/contract/errors';
import { jsonFaultInSlices, placeOf } from './json-fault.ts';
import { childPath, joinedPath, validationError } from './problems.ts';
import { atOnce, type Sliced } from '../slices.ts';
import { jsonSize, tooManyValues, tooManyEntries } from './value-count.ts';

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
  return atOnce(jsonBody(bytes, null));
}

/**
 * As {@link parseJsonBody}, in slices. Throws `VALIDATION_ERROR` too for more values than any body may hold, before they are
 * made.
 *
 * @param listName Of a list in the outermost object: each of its entries may hold as many, and is parsed by itself.
 */
export function* jsonBody(bytes: Buffer, listName: string | null): Sliced<unknown> {
  if (bytes.length === 0) return undefined;
  const text = decodeUtf8(bytes);
  const { hasTooMany, list } = yield* jsonSize(text, listName);
  if (hasTooMany) throw validationError([tooManyValues('')]);
  if (list === null) return yield* parsed(text, text, '');
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
  return Object.assign(whole as object, { [name]: values });
}

/**
 * @param part Of the text, without what was parsed before.
 * @param path Of what it becomes.
 */
function* parsed(part: string, text: string, path: string, depth = 0): Sliced<unknown> {
  let value: unknown;
  try {
    value = JSON.parse(part);
  } catch (error) {
    const fault = yield* jsonFaultInSlices(text);
    if (fault === null) throw error;
    const { line, column } = placeOf(text, fault.offset);
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

/** An object or a list of the body. The links to the parents are its path; few nodes ever need it as text. */
interface Node {
  value: object;
  /** `null`: the whole body. */
  parent: Node | null;
  /** Name or index in the parent. */
  step: string | number;
  depth: number;
}

/**
 * Finds what no body may hold, in JSON and YAML alike: at most {@link MOST_PROBLEMS} problems. It does not recurse, because
 * a value may be nested a hundred thousand levels deep. It writes a path only for a problem, because a caller without
 * credentials can send a megabyte of members.
 *
 * @param depth Of `root` in what it is a part of.
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

/** Judges a text in place and keeps an object for later. Nothing else can be wrong. */
function inspect(value: unknown, step: string | number, parent: Node, pending: Node[], problems: Problem[]): void {
  if (typeof value === 'string') {
    if (!value.isWellFormed())
      problems.push({ path: childPath(pathOf(parent), step), message: 'must be valid Unicode' });
  } else if (typeof value === 'object' && value !== null) {
    pending.push({ value, parent, step, depth: parent.depth + 1 });
  }
}

/** At most {@link DEEPEST} steps long. */
function pathOf(node: Node): string {
  return node.parent === null ? '' : childPath(pathOf(node.parent), node.step);
}
