import { foreignInstance } from '@llamactl/contract/foreign-format';
import { isRecord } from '@llamactl/contract/record';
import { MOST_PROBLEMS, type Problem } from '@llamactl/contract/errors';
import type { Operation } from '@llamactl/contract/operation';
import { z } from 'zod';
import { childPath, joinedPath, judge } from './problems.ts';
import type { Sliced } from '../../sliced-work.ts';
import { hasTooManyValues, MOST_VALUES, tooManyEntries, tooManyValues } from './value-count.ts';

type Judged = { value: unknown; problems: null } | { value: null; problems: Problem[] };

/**
 * Validates a body: returns the schema's output, or the problems. The size is checked first, because a schema creates
 * all issues of a body, even beyond the first {@link MOST_PROBLEMS}.
 */
export function* judgeSized({ schema, entries }: NonNullable<Operation['body']>, body: unknown): Sliced<Judged> {
  const list = entries === undefined ? undefined : listIn(schema, body, entries);
  if (entries !== undefined && list !== undefined) return yield* judgeEntries(schema, list, entries);
  return judgeWhole(schema, body);
}

/** A list whose entries are validated one by one. */
interface EntryList {
  /** The body without the entries. */
  rest: Record<string, unknown>;
  entries: readonly unknown[];
  schema: z.ZodType;
}

/** `undefined`: the body has no such list; then its schema reports the problem. */
function listIn(schema: z.ZodType, body: unknown, name: string): EntryList | undefined {
  const list = schema instanceof z.ZodObject ? (schema.shape as z.ZodRawShape)[name] : undefined;
  if (!(list instanceof z.ZodArray) || !isRecord(body)) return undefined;
  const given = body[name];
  if (!Array.isArray(given)) return undefined;
  const entries: readonly unknown[] = given;
  return { rest: { ...body, [name]: [] }, entries, schema: list.element as z.ZodType };
}

function* judgeEntries(
  schema: z.ZodType,
  { rest, entries, schema: entrySchema }: EntryList,
  name: string,
): Sliced<Judged> {
  if (entries.length > MOST_VALUES) return { value: null, problems: [tooManyEntries(name)] };
  const whole = judgeWhole(schema, rest);
  const problems = [...(whole.problems ?? [])];
  const values: unknown[] = [];
  for (const [index, entry] of entries.entries()) {
    if (problems.length >= MOST_PROBLEMS) break;
    const path = childPath(name, index);
    const judged = judgeWhole(entrySchema, entry);
    values.push(judged.value);
    for (const problem of judged.problems ?? []) problems.push(joinedPath(path, problem));
    yield;
  }
  if (problems.length > 0 || whole.problems !== null)
    return { value: null, problems: problems.slice(0, MOST_PROBLEMS) };
  return { value: { ...(whole.value as object), [name]: values }, problems: null };
}

function judgeWhole(schema: z.ZodType, value: unknown): Judged {
  if (hasTooManyValues(value)) return { value: null, problems: [tooManyValues('')] };
  const judged = judge(schema, value);
  const foreign = judged.problems === null ? null : foreignInstance(value);
  if (judged.problems === null || foreign === null) return judged;
  return { value: null, problems: [{ path: '', message: foreign }, ...judged.problems].slice(0, MOST_PROBLEMS) };
}
