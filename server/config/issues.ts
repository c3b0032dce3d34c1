import { MOST_PROBLEMS } from '@llamactl/contract/errors';
import type { z } from 'zod';
import { configKeys, keysBelow } from './config-keys.ts';
import { suggestion } from '../suggestion.ts';

/** Longer keys are cut where a message names them. */
const LONGEST_STEP = 80;

/** One thing that is wrong with the configuration. */
export interface ConfigProblem {
  path: readonly PropertyKey[];
  /** What follows the key's name in a sentence, its full stop included. */
  words: string;
}

/** As a sentence about its key. */
export function sentenceOf({ path, words }: ConfigProblem): string {
  return `${path.length === 0 ? 'The configuration' : shown(path)} ${words}`;
}

/** `server.port`. */
export function dotted(path: readonly PropertyKey[]): string {
  return path.map(String).join('.');
}

/** The same for messages: a very long key is cut. */
export function shown(path: readonly PropertyKey[]): string {
  return dotted(path.map((step) => cut(String(step))));
}

function cut(key: string): string {
  return key.length > LONGEST_STEP ? `${key.slice(0, LONGEST_STEP)}…` : key;
}

/** The problems of the schema in words for people, up to {@link MOST_PROBLEMS}. */
export function describeIssues(issues: readonly z.core.$ZodIssue[]): ConfigProblem[] {
  return Iterator.from(issues).flatMap(described).take(MOST_PROBLEMS).toArray();
}

/** The problems of an issue, one by one: a suggestion costs time, and few are read. */
function* described(issue: z.core.$ZodIssue): Generator<ConfigProblem> {
  if (issue.code === 'unrecognized_keys') for (const key of issue.keys) yield unknownKey(issue.path, key);
  else if (issue.path[0] === 'engines' && issue.path[2] === 'kind') yield notCustom(String(issue.path[1]));
  else yield { path: issue.path, words: `${issueMessage(issue)}.` };
}

/** What the schema itself does not say in words of its own; to be given to `safeParse`. */
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
  array: 'a list',
  tuple: 'a list of two numbers',
  object: 'a map of keys',
  record: 'a map of keys',
};

const FORMATS: Readonly<Record<string, string>> = {
  url: 'must be a URL with its scheme, such as https://host.example',
};

/** YAML reads `4`, `true` and `~` as what they are to it, also in a list of arguments or folders. */
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
  // The last member of each union in the schema is the one that takes text: the usual way to write the value.
  const last = issue.errors.at(-1)?.at(0);
  return last ? issueMessage(last) : issue.message;
}

/** An engine that the schema does not name is taken for one of the user's own; often it is a slip. */
function notCustom(engine: string): ConfigProblem {
  const near = suggestion(engine, keysBelow(['engines']));
  const hint = near === null ? '' : ` Did you mean ${near}?`;
  return {
    path: ['engines', engine],
    words: `is none of the engines that llamactl knows and must say "kind: custom".${hint}`,
  };
}

/** A key that the schema does not have in a section. */
export function unknownKey(section: readonly PropertyKey[], key: string): ConfigProblem {
  const below = keysBelow(section.map(String));
  const prefix = section.map((step) => `${cut(String(step))}.`).join('');
  const near = suggestion(key, below);
  // `port:` at the top: right word, wrong place.
  const elsewhere = configKeys().find(({ path }) => path.at(-1) === key);
  const meant = near === null ? elsewhere?.name : prefix + near;
  const hint = meant === undefined ? `Known here: ${below.join(', ')}.` : `Did you mean ${meant}?`;
  return { path: [...section, key], words: `is unknown. ${hint}` };
}
