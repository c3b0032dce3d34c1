import { ApiError } from '@llamactl/contract/errors';

const HOW_TO_NAME = 'name the instance as {"model": "NAME"} in the body, or as ?model=NAME in the URL.';

/** The `model` of a JSON body. The bytes stay as they are. Throws what is wrong with them as an `ApiError`. */
export function modelOfJson(body: Buffer): string {
  const document = parse(body);
  if (typeof document !== 'object' || document === null || Array.isArray(document)) {
    throw new ApiError('VALIDATION_ERROR', `The body must be a JSON object: ${HOW_TO_NAME}`);
  }
  return checked('model' in document ? document.model : undefined);
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

function parse(body: Buffer): unknown {
  // The decoder drops a byte order mark, which llama-server accepts and JSON.parse does not.
  const text = new TextDecoder().decode(body);
  if (text.trim() === '') throw noModel();
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ApiError('INVALID_JSON', 'The body is not valid JSON; correct it, or name the model as ?model=NAME.', {
      details: error instanceof Error ? error.message : '',
    });
  }
}
