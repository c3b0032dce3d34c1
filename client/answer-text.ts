import { connectionFailure } from './connection-failure.ts';
import { ProtocolError } from './errors.ts';
import type { OpenAnswer } from './transport.ts';

export interface AnswerTextOptions {
  /** Of what is to be read; parameters apart. */
  mediaType: string;
  /** Seconds without a byte after which the connection counts as lost; 0: none do. */
  silence: number;
  /** Told before anything is read. */
  onOpen?: (() => void) | undefined;
}

/**
 * The body of an answer as text, in the pieces in which it comes, until it ends. Whoever stops reading hangs up.
 *
 * @throws {ProtocolError} when it is of another type
 * @throws {ConnectionError} when it broke off
 */
export async function* readText(answer: OpenAnswer, options: AnswerTextOptions): AsyncGenerator<string> {
  const { response, url, deadline } = answer;
  const { mediaType, silence, onOpen } = options;
  try {
    const reader = bodyOf(response, url, mediaType).getReader();
    const decoder = new TextDecoder();
    onOpen?.();
    for (;;) {
      deadline.within(silence, url);
      const { done, value } = await reader.read().catch((error: unknown) => {
        throw deadline.reason ?? connectionFailure(url, error);
      });
      // A reader that takes its time is no silence of the server's.
      deadline.within(0, url);
      if (done) return;
      yield decoder.decode(value, { stream: true });
    }
  } finally {
    deadline.close();
  }
}

function bodyOf({ headers, body, status }: Response, url: string, mediaType: string): ReadableStream<Uint8Array> {
  const type = headers.get('content-type') ?? 'nothing';
  if (body !== null && type.startsWith(mediaType)) return body;
  throw new ProtocolError(`${url} answered ${type} instead of ${mediaType}.`, { url, status });
}
