import { ApiError, MOST_PROBLEMS, type Problem } from '@llamactl/contract/errors';
import { NAME_RULE } from '@llamactl/contract/instance';
import { phrase } from '@llamactl/contract/phrases';
import type { z } from 'zod';
import { suggestion } from '../../suggestion.ts';
import { keysAt } from './schema-keys.ts';

type Issue = z.core.$ZodIssue;
type Step = PropertyKey;

const LONGEST_STEP = 80;

/** One error for all problems of a request. Its message has the first problem, `details` has all. */
export function validationError(problems: readonly Problem[]): ApiError {
  const shown = problems.slice(0, MOST_PROBLEMS);
  const sentences = shown.map(({ path, message }) => (path === '' ? `the body ${message}` : `${path} ${message}`));
  const first = sentences[0] ?? 'the request is not valid';
  const more = problems.length - 1;
  const rest = more > 0 ? ` (and ${more} more ${more === 1 ? 'problem' : 'problems'})` : '';
  return new ApiError('VALIDATION_ERROR', `${first}${rest}`, {
    details: problems.length > 1 ? sentences.join('; ') : '',
    problems: shown,
  });
}

/** Validates a value. Returns the schema's output, or all problems in plain words. */
export function judge<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
): { value: z.output<Schema>; problems: null } | { value: null; problems: Problem[] } {
  const result = schema.safeParse(value, { error: wording });
  if (result.success) return { value: result.data, problems: null };
  const found = Iterator.from(result.error.issues).flatMap((issue) => describe(issue, [], schema));
  return { value: null, problems: found.take(MOST_PROBLEMS).toArray() };
}

/** Path of a child: `options.threads`, `aliases[0]`. The empty path is the whole value. */
export function childPath(parent: string, step: Step): string {
  if (typeof step === 'number') return `${parent}[${step}]`;
  const text = String(step);
  const name = text.length > LONGEST_STEP ? `${text.slice(0, LONGEST_STEP)}…` : text;
  return parent === '' ? name : `${parent}.${name}`;
}

/** Prefixes the path of a problem with `path`. */
export function joinedPath(path: string, { path: below, ...rest }: Problem): Problem {
  if (path === '' || below === '' || below.startsWith('[')) return { path: `${path}${below}`, ...rest };
  return { path: `${path}.${below}`, ...rest };
}

/** Yields the problems of an issue lazily: a suggestion costs time, and few problems are read. */
function* describe(issue: Issue, above: readonly Step[], schema: z.ZodType): Generator<Problem> {
  const steps = [...above, ...issue.path];
  const path = steps.reduce<string>(childPath, '');
  switch (issue.code) {
    case 'unrecognized_keys':
      yield* unknownKeys(issue.keys, steps, schema);
      return;
    case 'invalid_union':
      yield* describeUnion(issue, steps, schema);
      return;
    case 'invalid_key':
    case 'invalid_element':
      for (const inner of issue.issues) yield* describe({ ...inner, path: [] }, steps, schema);
      return;
    default:
      yield { path, message: issue.message, ...dataOf(issue) };
  }
}

/** The message of an issue as data. A schema's own message has none, but for that of a name. */
function dataOf(issue: Issue): Pick<Problem, 'phrase'> {
  if (issue.message === REQUIRED) return { phrase: phrase('required') };
  if (issue.message === NAME_RULE) return { phrase: phrase('bad_name') };
  if (issue.message !== wordingOf(issue, true)) return {};
  switch (issue.code) {
    case 'invalid_type':
      return TYPES[issue.expected] === undefined ? {} : { phrase: phrase('wrong_type', { type: issue.expected }) };
    case 'too_small':
      return isNumeric(issue.origin) ? { phrase: phrase('too_small', { least: Number(issue.minimum) }) } : {};
    case 'too_big':
      return isNumeric(issue.origin) ? { phrase: phrase('too_large', { most: Number(issue.maximum) }) } : {};
    default:
      return {};
  }
}

function isNumeric(origin: string): boolean {
  return origin === 'number' || origin === 'int';
}

/** Maps setting names of the Go llamactl and of llama-swap to ours. */
const RENAMED: ReadonlyMap<string, string> = new Map([
  ['ttl', 'idle_timeout'],
  ['env', 'environment'],
  ['cmd', 'command'],
  ['checkEndpoint', 'health_path'],
  ['stripParams', 'request_strip'],
  ['setParams', 'request_defaults'],
  ['backend_type', 'engine'],
  ['backend_options', 'options'],
  ['command_override', 'command'],
  ['on_demand_start', 'on_demand'],
]);

function* unknownKeys(keys: readonly string[], steps: readonly Step[], schema: z.ZodType): Generator<Problem> {
  const known = keysAt(schema, steps);
  const parent = steps.reduce<string>(childPath, '');
  for (const key of keys) {
    const renamed = RENAMED.get(key) ?? '';
    const meant = known.includes(renamed)
      ? renamed
      : key.length > LONGEST_STEP
        ? null
        : (suggestion(key, known) ?? known.find((each) => startsAlike(each, key)));
    const message = meant ? `is not known; did you mean ${meant}?` : 'is not known';
    yield { path: childPath(parent, key), message, phrase: phrase('unknown_setting', { meant: meant || undefined }) };
  }
}

/** Whether a key is the beginning of a known one, such as `model` of `model_path`. */
function startsAlike(known: string, key: string): boolean {
  return key.length > 2 && known.startsWith(`${key.toLowerCase()}_`);
}

/**
 * Describes a failed union. If exactly one branch accepted the value's type, its issues are the problem. Otherwise the
 * union's own message is used, or the list of all alternatives.
 */
function* describeUnion(
  issue: z.core.$ZodIssueInvalidUnion,
  steps: readonly Step[],
  schema: z.ZodType,
): Generator<Problem> {
  const branches = issue.errors.filter((branch) => branch.length > 0);
  const fitting = branches.filter((branch) => !branch.some(isWrongType));
  const [only] = fitting;
  if (only !== undefined && fitting.length === 1) {
    for (const inner of only) yield* describe(inner, steps, schema);
    return;
  }
  const path = steps.reduce<string>(childPath, '');
  if (issue.message !== NO_WORDS) {
    yield { path, message: issue.message };
    return;
  }
  const words = new Set(branches.flat().flatMap((inner) => (inner.path.length === 0 ? [inner.message] : [])));
  yield { path, message: words.size === 0 ? 'is not valid' : [...words].join(', or ') };
}

/** Whether the value itself, not something inside it, has the wrong type. */
function isWrongType(issue: Issue): boolean {
  if (issue.path.length > 0) return false;
  if (issue.code === 'invalid_union') return issue.errors.every((branch) => branch.some(isWrongType));
  return issue.code === 'invalid_type' || issue.code === 'invalid_value';
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  tuple: 'a list',
  object: 'an object',
  record: 'an object',
  null: 'null',
};

const REQUIRED = 'is required';

/** Message of a union that has no message of its own. */
const NO_WORDS = '';

/** The message for an issue whose schema has none; the library's messages are for programmers. */
function wording(issue: z.core.$ZodRawIssue): string {
  return wordingOf(issue, issue.input !== undefined);
}

/** @param isGiven Whether there is a value. */
function wordingOf(issue: z.core.$ZodRawIssue | Issue, isGiven: boolean): string {
  switch (issue.code) {
    case 'invalid_type':
      if (!isGiven) return REQUIRED;
      return `must be ${TYPES[issue.expected] ?? `of type ${issue.expected}`}`;
    case 'invalid_value':
      if (!isGiven) return REQUIRED;
      return `must be ${alternatives(issue.values.map((value) => JSON.stringify(value)))}`;
    case 'too_small':
      return `must ${limit(issue.origin, 'at least', Number(issue.minimum))}`;
    case 'too_big':
      return `must ${limit(issue.origin, 'at most', Number(issue.maximum))}`;
    case 'invalid_format':
      return issue.format === 'url' ? 'must be a URL' : 'has the wrong format';
    case 'invalid_union':
      return NO_WORDS;
    default:
      return 'is not valid';
  }
}

function alternatives(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}

function limit(origin: string, bound: 'at least' | 'at most', value: number): string {
  if (origin === 'string') return `have ${bound} ${counted(value, 'character')}`;
  if (origin === 'array' || origin === 'set') return `have ${bound} ${counted(value, 'entry', 'entries')}`;
  return `be ${bound} ${value}`;
}

function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
