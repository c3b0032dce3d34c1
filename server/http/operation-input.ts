import { ApiError, type Problem } from '@llamactl/contract/errors';
import type { Operation } from '@llamactl/contract/operation';
import { PATH_PARAMETERS, type PathRule } from '@llamactl/contract/path-parameters';
import { z } from 'zod';
import { judgeSized } from './bodies/judge-body.ts';
import { judge, validationError } from './bodies/problems.ts';
import { keysAt } from './bodies/schema-keys.ts';
import type { Sliced } from '../sliced-work.ts';

/** Values that a caller sends. */
export interface GivenValues {
  /** Values of the names in braces of the path, decoded. Default: none. */
  params?: Readonly<Record<string, string>> | undefined;
  /** Texts by name, as in a URL. Default: none. */
  query?: unknown;
  /** `undefined`: no body. */
  body?: unknown;
}

const NO_QUERY = z.strictObject({});
const NO_BODY = z.strictObject({}, { error: 'must be left out: this operation takes none' });

/** Validates path, query and body together, so that one answer lists every problem. */
export function* validated(
  operation: Operation,
  { params = {}, query: givenQuery = {}, body: givenBody }: GivenValues,
): Sliced<{ params: unknown; query: unknown; body: unknown }> {
  for (const [name, value] of Object.entries(params)) checkPathParameter(name, value);
  const query = judge(operation.query ?? NO_QUERY, givenQuery);
  const body = yield* judgeBody(operation, givenBody);
  const problems = [...(query.problems ?? []), ...(body.problems ?? [])];
  if (problems.length > 0) throw validationError(problems);
  return { params, query: query.value, body: body.value };
}

/**
 * Rejects a name that breaks the rules for names as not found. The message does not repeat the name, which may have any
 * length and content.
 */
function checkPathParameter(name: string, value: string): void {
  const parameter = (PATH_PARAMETERS as Readonly<Record<string, PathRule | undefined>>)[name];
  if (parameter === undefined) return;
  const { problems } = judge(parameter.schema, value);
  if (problems === null) return;
  const [problem] = problems;
  throw new ApiError(parameter.missing, `${parameter.missingSentence}: it ${problem?.message ?? 'is none'}.`);
}

function* judgeBody(operation: Operation, body: unknown): Sliced<{ value: unknown; problems: null | Problem[] }> {
  if (operation.body === undefined)
    return body === undefined ? { value: undefined, problems: null } : judge(NO_BODY, body);
  const { schema, optional } = operation.body;
  if (body === undefined && !optional) return { value: null, problems: [{ path: '', message: missingBody(schema) }] };
  return yield* judgeSized(operation.body, body === undefined ? {} : body);
}

/** The message for a missing body, with its required or possible fields. */
function missingBody(schema: z.ZodType): string {
  const { problems } = judge(schema, {});
  const required = (problems ?? []).map(({ path }) => path);
  if (required.length > 0) return `is missing: this request needs a JSON object with at least ${required.join(', ')}`;
  const known = keysAt(schema, []);
  return `is missing: this request needs a JSON object${known.length === 0 ? '' : ` with any of ${known.join(', ')}`}`;
}
