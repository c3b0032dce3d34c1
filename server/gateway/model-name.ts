import { ApiError } from '@llamactl/contract/errors';
import { hasKey, visitMembers } from './json-members.ts';
import { formFields } from './multipart.ts';

/** What a request says of itself, as far as the gateway has to know. */
export interface Asked {
  /** Name or alias, as given. */
  model: string;
  /** It wants its answer as a stream. */
  isStream: boolean;
}

const HOW_TO_NAME = 'name the instance as {"model": "NAME"} in the body, or as ?model=NAME in the URL.';
/** Up to here `JSON.parse` is quicker than our scanner, and finds every fault; at 20 MB it takes 60 times as long. */
const LARGEST_PARSED = 65_536;
const BYTE_ORDER_MARK = 0xfeff;

/** What a JSON body asks for. The bytes stay as they are. Throws what is wrong with them as an `ApiError`. */
export function askedOfJson(body: Buffer): Asked {
  try {
    const { model, stream } = body.length > LARGEST_PARSED ? scanned(body) : parsed(body);
    return { model: checked(model), isStream: stream === true };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new ApiError('INVALID_JSON', 'The body is not valid JSON; correct it, or name the model as ?model=NAME.', {
      details: error.message,
    });
  }
}

/** The `model` of a JSON body. Throws as above. */
export function modelOfJson(body: Buffer): string {
  return askedOfJson(body).model;
}

/** What a form (`multipart/form-data`) asks for. Of two equal fields the last counts, as in JSON. */
export function askedOfForm(body: Buffer, boundary: string): Asked {
  try {
    const fields = formFields(body, boundary);
    const value = (name: string): string | undefined => {
      const field = fields.findLast((each) => each.name === name);
      return field === undefined ? undefined : body.toString('utf8', field.start, field.end);
    };
    return { model: checked(value('model')), isStream: value('stream')?.toLowerCase() === 'true' };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new ApiError('VALIDATION_ERROR', `The form could not be read (${error.message}): ${HOW_TO_NAME}`);
  }
}

/** The `model` of a URL's query; `null`: it has none. */
export function modelOfQuery(url: string): string | null {
  const start = url.indexOf('?');
  return start === -1 ? null : new URLSearchParams(url.slice(start)).get('model');
}

/** The error of a request that says nowhere which model it is for. */
export function noModel(): ApiError {
  return new ApiError('VALIDATION_ERROR', `The request names no model: ${HOW_TO_NAME}`, {
    problems: [{ path: 'model', message: 'is required' }],
  });
}

function checked(model: unknown): string {
  if (model === undefined || model === '') throw noModel();
  if (typeof model === 'string') return model;
  throw new ApiError('VALIDATION_ERROR', `model must be a string: ${HOW_TO_NAME}`, {
    problems: [{ path: 'model', message: 'must be a string' }],
  });
}

interface Fields {
  model?: unknown;
  stream?: unknown;
}

function parsed(body: Buffer): Fields {
  let text = body.toString();
  // llama-server accepts a byte order mark, and JSON.parse does not
  if (text.charCodeAt(0) === BYTE_ORDER_MARK) text = text.slice(1);
  if (text.trim() === '') throw noModel();
  const document: unknown = JSON.parse(text);
  if (typeof document === 'object' && document !== null && !Array.isArray(document)) return document;
  throw new ApiError('VALIDATION_ERROR', `The body must be a JSON object: ${HOW_TO_NAME}`);
}

/** Of two equal keys the last counts, as in `JSON.parse`. */
function scanned(body: Buffer): Fields {
  let model: readonly [number, number] | null = null;
  let stream: readonly [number, number] | null = null;
  visitMembers(body, (member) => {
    if (hasKey(body, member, 'model')) model = [member.valueStart, member.end];
    else if (hasKey(body, member, 'stream')) stream = [member.valueStart, member.end];
  });
  const value = (place: readonly [number, number] | null): unknown =>
    place === null ? undefined : JSON.parse(body.toString('utf8', ...place));
  return { model: value(model), stream: value(stream) };
}
