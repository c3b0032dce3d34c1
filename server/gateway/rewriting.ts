import type { Lease } from '../instances/leases.ts';
import { hasKey, keyOf, visitMembers } from './json-members.ts';
import { formFields } from './multipart.ts';

/** Where a request under `/v1` named its model. */
export type ModelSource = { kind: 'query' } | { kind: 'json' } | { kind: 'form'; boundary: string };

/** What an instance wants to be different in its requests. */
export type Rewriting = Lease['record']['settings'];

/** What of a request may be rewritten. */
interface Message {
  /** Path and query. */
  path: string;
  /** `null`: passes by without being looked at. */
  body: Buffer | null;
}

/**
 * The request as the instance's engine gets it: with the model's name where that was found, and, in a JSON body that was
 * read, without the fields to strip and with the defaults that it lacks. Every other byte stays.
 */
export function rewritten(message: Message, source: ModelSource, wanted: Rewriting): Message {
  const { upstream_model: model, request_defaults: defaults, request_strip: strip } = wanted;
  const { path, body } = message;
  if (source.kind === 'query') return model === undefined ? message : { path: rewriteQuery(path, model), body };
  if (body === null) return message;
  if (source.kind === 'form') {
    return model === undefined ? message : { path, body: rewriteForm(body, source.boundary, model) };
  }
  const isAsked = model !== undefined || Object.keys(defaults ?? {}).length > 0 || (strip?.length ?? 0) > 0;
  return isAsked ? { path, body: rewriteJson(body, wanted) } : message;
}

/** An edit: what stands from `start` to `end` is replaced. */
interface Edit {
  start: number;
  end: number;
  text: string;
}

/**
 * Rewrites a JSON object by its bytes: numbers, escapes, order and spaces stay. Of equal keys all are rewritten or stripped.
 * `upstream_model` wins over a strip of `model`; a field that is stripped and has a default ends up with the default.
 *
 * @throws {SyntaxError} for a text that is no object
 */
export function rewriteJson(body: Buffer, wanted: Rewriting): Buffer {
  const { upstream_model: model, request_defaults: defaults = {}, request_strip: strip = [] } = wanted;
  const stripped = new Set(strip);
  const lacking = new Map(Object.entries(defaults));
  const edits: Edit[] = [];
  /** Where the last member that stays ends, and where what is being stripped begins. */
  let keptEnd: number | null = null;
  let cutStart: number | null = null;
  let first: number | null = null;
  let last = 0;
  const brace = visitMembers(body, (member) => {
    first ??= member.start;
    last = member.end;
    const isModel = model !== undefined && hasKey(body, member, 'model');
    const key = keyOf(body, member);
    if (!isModel && stripped.has(key)) {
      cutStart ??= member.start;
      return;
    }
    lacking.delete(key);
    if (cutStart !== null) edits.push({ start: cutStart, end: member.start, text: '' });
    cutStart = null;
    keptEnd = member.end;
    if (isModel) edits.push({ start: member.valueStart, end: member.end, text: JSON.stringify(model) });
  });
  const added = [...lacking].map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(',');
  const separator = keptEnd === null || added === '' ? '' : ',';
  // what is cut at the end takes the comma before it along
  const start = cutStart === null ? (keptEnd ?? brace) : (keptEnd ?? first ?? brace);
  edits.push({ start, end: cutStart === null ? start : last, text: separator + added });
  return spliced(body, edits);
}

/** Replaces the value of each field `model` of a form. @throws {SyntaxError} for a body that is no form */
export function rewriteForm(body: Buffer, boundary: string, model: string): Buffer {
  const fields = formFields(body, boundary).filter(({ name }) => name === 'model');
  return spliced(
    body,
    fields.map(({ start, end }) => ({ start, end, text: model })),
  );
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

/** @param edits In their order, not overlapping. */
function spliced(bytes: Buffer, edits: readonly Edit[]): Buffer {
  const pieces: Buffer[] = [];
  let at = 0;
  for (const { start, end, text } of edits) {
    pieces.push(bytes.subarray(at, start), Buffer.from(text));
    at = end;
  }
  return Buffer.concat([...pieces, bytes.subarray(at)]);
}
