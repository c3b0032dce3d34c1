import { ApiError } from '@llamactl/contract/errors';
import type { Lease } from '../instances/slots/leases.ts';
import type { Edit, HeldBody } from './held-body.ts';
import { keyOf, type Members, membersOf } from './json-members.ts';
import type { FormField } from './multipart.ts';
import { jsonFaults, type ModelSource } from './route.ts';

/** Settings of an instance that rewrite its requests. */
export type Rewriting = Lease['record']['settings'];

/** The parts of a request that may be rewritten. */
export interface Message {
  /** Path and query. */
  path: string;
  /** `null`: the body is streamed without being read. */
  body: HeldBody | null;
}

/** A change to a JSON body, in addition to the instance's {@link Rewriting}. */
export interface Addition {
  /** Fields that the body gets if it lacks them. Defaults of the instance win. */
  fields: Readonly<Record<string, string>>;
  /** An edit within the value of one member; `null`: none. */
  edit: Edit | null;
}

export const NO_ADDITION: Addition = { fields: {}, edit: null };

/** More edits than any sensible body needs. Each edit may add the length of the new name to the body. */
const MOST_EDITS = 256;

/**
 * Rewrites a request for the instance's engine. Replaces the model's name where it was found. In a JSON body that was read,
 * also removes the fields to strip and adds missing defaults. All other bytes stay.
 */
export function rewritten(
  message: Message,
  source: ModelSource,
  wanted: Rewriting,
  addition: Addition = NO_ADDITION,
): Message {
  const { upstream_model: model, request_defaults: defaults, request_strip: strip } = wanted;
  const { path, body } = message;
  if (source.kind === 'query') return model === undefined ? message : { path: rewriteQuery(path, model), body };
  if (body === null) return message;
  if (source.kind === 'form') {
    return model === undefined ? message : { path, body: rewriteForm(body, source.fields, model) };
  }
  const isNeeded =
    addition !== NO_ADDITION ||
    model !== undefined ||
    Object.keys(defaults ?? {}).length > 0 ||
    (strip?.length ?? 0) > 0;
  return isNeeded
    ? { path, body: rewriteJson(body, source.members ?? jsonFaults(() => membersOf(body)), wanted, addition) }
    : message;
}

/**
 * Rewrites a JSON object by editing its bytes: numbers, escapes, order and spaces stay. Rewrites or strips every
 * occurrence of a repeated key. `upstream_model` wins over stripping `model`. A field that is stripped and has a
 * default gets the default.
 *
 * @param members The members of the body.
 * @throws {ApiError} for a body that repeats these keys too often
 */
export function rewriteJson(
  body: HeldBody,
  { list, brace }: Members,
  wanted: Rewriting,
  { fields, edit }: Addition = NO_ADDITION,
): HeldBody {
  const { upstream_model: model, request_defaults: defaults = {}, request_strip: strip = [] } = wanted;
  const stripped = new Set(strip);
  const lacking = new Map(Object.entries({ ...fields, ...defaults }));
  const edits: Edit[] = [];
  /** End of the last member that stays. */
  let keptEnd: number | null = null;
  /** Start of the members that are being stripped. */
  let cutStart: number | null = null;
  let first: number | null = null;
  let last = 0;
  const longest = Math.max(...['model', ...strip, ...lacking.keys()].map(({ length }) => length));
  for (const member of list) {
    first ??= member.start;
    last = member.end;
    const key = keyOf(body, member, longest);
    const isModel = model !== undefined && key === 'model';
    if (!isModel && key !== null && stripped.has(key)) {
      cutStart ??= member.start;
      continue;
    }
    if (key !== null) lacking.delete(key);
    if (cutStart !== null) edits.push({ start: cutStart, end: member.start, text: '' });
    cutStart = null;
    keptEnd = member.end;
    if (isModel) edits.push({ start: member.valueStart, end: member.end, text: JSON.stringify(model) });
    if (edit !== null && member.valueStart <= edit.start && edit.end <= member.end) edits.push(edit);
    if (edits.length > MOST_EDITS) throw tooManyEdits();
  }
  const added = [...lacking].map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(',');
  const separator = keptEnd === null || added === '' ? '' : ',';
  // A cut at the end includes the comma before it.
  const start = cutStart === null ? (keptEnd ?? brace) : (keptEnd ?? first ?? brace);
  edits.push({ start, end: cutStart === null ? start : last, text: separator + added });
  return body.edited(edits);
}

/**
 * Replaces the value of each field `model` of a form.
 *
 * @throws {ApiError} for a form that repeats that field too often
 */
export function rewriteForm(body: HeldBody, fields: readonly FormField[], model: string): HeldBody {
  const models = fields.filter(({ name }) => name === 'model');
  if (models.length > MOST_EDITS) throw tooManyEdits();
  return body.edited(models.map(({ start, end }) => ({ start, end, text: model })));
}

/** Replaces the value of each parameter `model` of a URL's query. */
export function rewriteQuery(path: string, model: string): string {
  const start = path.indexOf('?') + 1;
  if (start === 0) return path;
  const end = path.indexOf('#', start);
  const query = end === -1 ? path.slice(start) : path.slice(start, end);
  const parameters = query
    .split('&')
    .map((each) => (new URLSearchParams(each).has('model') ? `model=${encodeURIComponent(model)}` : each));
  return path.slice(0, start) + parameters.join('&') + (end === -1 ? '' : path.slice(end));
}

function tooManyEdits(): ApiError {
  return new ApiError(
    'VALIDATION_ERROR',
    `The body repeats its keys more than ${MOST_EDITS} times where this instance rewrites them. Send each key once.`,
  );
}
