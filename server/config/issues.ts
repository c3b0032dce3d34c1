import { MOST_PROBLEMS } from '@llamactl/contract/errors';
import type { z } from 'zod';
import { configKeys, keysBelow } from './config-keys.ts';
import { suggestion } from '../suggestion.ts';

/** Most characters of a key in a message; a longer one is cut. */
const LONGEST_STEP = 80;

/** A key of the configuration and what is wrong with it. */
export interface ConfigProblem {
  path: readonly PropertyKey[];
  /** The rest of a sentence after the key's name, with its full stop. */
  words: string;
}

/** The problem as a sentence about its key. */
export function sentenceOf({ path, words }: ConfigProblem): string {
  return `${path.length === 0 ? 'The configuration' : shown(path)} ${words}`;
}

/** Writes a path with dots: `server.port`. */
export function dotted(path: readonly PropertyKey[]): string {
  return path.map(String).join('.');
}

/** The dotted key for messages: a very long key is cut. */
export function shown(path: readonly PropertyKey[]): string {
  return dotted(path.map((step) => cut(String(step))));
}

function cut(key: string): string {
  return key.length > LONGEST_STEP ? `${key.slice(0, LONGEST_STEP)}…` : key;
}

/** The problems that the schema reports, as sentences, up to {@link MOST_PROBLEMS}. */
export function describeIssues(issues: readonly z.core.$ZodIssue[]): ConfigProblem[] {
  return Iterator.from(issues).flatMap(described).take(MOST_PROBLEMS).toArray();
}

/** The problems of an issue, generated lazily: a suggestion costs time, and only the first problems are used. */
function* described(issue: z.core.$ZodIssue): Generator<ConfigProblem> {
  if (issue.code === 'unrecognized_keys') for (const key of issue.keys) yield unknownKey(issue.path, key);
  else if (issue.path[0] === 'engines' && issue.path[2] === 'kind') yield notCustom(String(issue.path[1]));
  else yield { path: issue.path, words: `${issueMessage(issue)}.` };
}

/** Messages for issues without a message in the schema; pass it to `safeParse`. */
export function wording(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined
        ? 'is missing'
        : `must be ${TYPES[issue.expected] ?? issue.expected}${quotes(issue)}`;
    case 'too_small':
      return issue.origin === 'string'
        ? 'must not be empty'
        : limited(issue.origin, issue.inclusive ? 'at least' : 'more than', issue.minimum);
    case 'too_big':
      return limited(issue.origin, issue.inclusive ? 'at most' : 'less than', issue.maximum);
    case 'invalid_value':
      return `must be ${issue.values.map(String).join(' or ')}`;
    case 'invalid_format':
      return issue.format === 'starts_with' ? `must start with ${String(issue['prefix'])}` : FORMATS[issue.format];
    default:
      return undefined;
  }
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list, such as [a, b]',
  tuple: 'a list of two numbers',
  object: 'a map of keys',
  record: 'a map of keys',
};

const FORMATS: Readonly<Record<string, string>> = {
  url: 'must be a URL with its scheme, such as https://host.example',
};

/** Hint for text that YAML reads as a number, boolean or null, such as `4`, `true` or `~`. */
function quotes(issue: z.core.$ZodRawIssue): string {
  const isPlain = issue.input === null || typeof issue.input === 'number' || typeof issue.input === 'boolean';
  return issue.code === 'invalid_type' && issue.expected === 'string' && isPlain ? ': put it in quotes' : '';
}

function limited(origin: string, relation: string, limit: number | bigint): string {
  if (origin === 'string') return `must have ${relation} ${limit} characters`;
  if (origin === 'array' || origin === 'tuple') return `must have ${relation} ${limit} entries`;
  return `must be ${relation} ${limit}`;
}

function issueMessage(issue: z.core.$ZodIssue): string {
  if (issue.code !== 'invalid_union') return issue.message;
  // The last member of each union in the schema takes text, the usual way to write the value.
  const last = issue.errors.at(-1)?.at(0);
  return last ? issueMessage(last) : issue.message;
}

/** The problem of an engine that the schema does not know. It counts as a custom engine, but often its name is a typo. */
function notCustom(engine: string): ConfigProblem {
  const near = suggestion(engine, keysBelow(['engines']));
  const hint = near === null ? '' : ` Did you mean ${near}?`;
  return {
    path: ['engines', engine],
    words: `is not a known engine.${hint} A custom engine needs "kind: custom".`,
  };
}

/** The problem of a key that the schema does not have in this section. */
export function unknownKey(section: readonly PropertyKey[], key: string): ConfigProblem {
  const below = keysBelow(section.map(String));
  const prefix = section.map((step) => `${cut(String(step))}.`).join('');
  const keys = configKeys();
  const near = suggestion(key, [...below, ...keys.map(({ path }) => path.at(-1) ?? '')]);
  // `port:` or `prot:` at the top level: the name of a key in the wrong place.
  const elsewhere = keys.find(({ path }) => path.at(-1) === near);
  const meant = near !== null && below.includes(near) ? prefix + near : elsewhere?.name;
  const hint = meant === undefined ? `Known here: ${below.join(', ')}.` : `Did you mean ${meant}?`;
  return { path: [...section, key], words: `is unknown. ${hint}` };
}
