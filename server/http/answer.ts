/** Content of an answer. `Value` is the type of its JSON. */
export type Content<Value> =
  | { kind: 'json'; value: Value }
  /** Finished text, of the type that the headers name. */
  | { kind: 'text'; text: Buffer | string }
  /** `isLive`: texts may take long to come, so the headers are sent before the first one. */
  | { kind: 'stream'; texts: AsyncIterable<string>; isLive: boolean }
  | { kind: 'nothing' };

/** Result of an operation, for HTTP and every other way to call it. */
export interface Result {
  status: number;
  /** Headers that this operation adds, names in lower case. Headers of every answer are not among them. */
  headers: Readonly<Record<string, string>>;
  content: Content<unknown>;
}

/** An answer with its own status, headers or kind of content. A handler that needs none of these returns its JSON value. */
export class Answer<Value> {
  readonly content: Content<Value>;
  readonly headers: Readonly<Record<string, string>>;
  /** `null`: the success status of the operation. */
  readonly status: number | null;

  constructor(content: Content<Value>, headers: Readonly<Record<string, string>>, status: number | null = null) {
    this.content = content;
    this.headers = headers;
    this.status = status;
  }
}

/** A JSON value with headers or a status. */
export function jsonAnswer<Value>(
  value: Value,
  { headers = {}, status }: { headers?: Readonly<Record<string, string>>; status?: number },
): Answer<Value> {
  return new Answer({ kind: 'json', value }, headers, status);
}

/** @param headers must contain `content-type` */
export function textAnswer(text: Buffer | string, headers: Readonly<Record<string, string>>): Answer<never> {
  return new Answer<never>({ kind: 'text', text }, headers);
}

/** @param headers must contain `content-type` */
export function streamAnswer(
  texts: AsyncIterable<string>,
  headers: Readonly<Record<string, string>>,
  { isLive }: { isLive: boolean },
): Answer<never> {
  return new Answer<never>({ kind: 'stream', texts, isLive }, headers);
}
