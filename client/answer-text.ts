import { connectionFailure } from './connection-failure.ts';
import { ProtocolError } from './errors.ts';
import type { OpenAnswer } from './transport.ts';

export interface AnswerTextOptions {
  /** Expected media type, without parameters. */
  mediaType: string;
  /** Seconds without a byte after which the connection counts as lost; 0: no limit. */
  silence: number;
  /** Called before anything is read. */
  onOpen?: (() => void) | undefined;
}

/**
 * Yields the body of an answer as text, in the chunks in which it arrives. Leaving the loop closes the connection.
 *
 * @throws {ProtocolError} If the body has another media type.
 * @throws {ConnectionError} If the connection breaks.
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
      // The time that the caller takes for a chunk does not count as silence of the server.
      deadline.within(0, url);
      if (done) return;
      yield decoder.decode(value, { stream: true });
    }
  } finally {
    deadline.close();
  }
}

function bodyOf({ headers, body, status }: Response, url: string, mediaType: string): ReadableStream<Uint8Array> {
  const type = headers.get('content-type') ?? 'no content type';
  if (body !== null && type.startsWith(mediaType)) return body;
  throw new ProtocolError(`${url} answered ${type} instead of ${mediaType}.`, { url, status });
}
