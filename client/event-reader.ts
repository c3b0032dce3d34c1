import { connectionFailure } from './connection-failure.ts';
import { ProtocolError } from './errors.ts';
import { EventParser, type ServerSentEvent } from './server-sent-events.ts';
import type { OpenAnswer } from './transport.ts';

/**
 * The events of an answer, until it ends. Whoever stops reading hangs up.
 *
 * @param silence Seconds without a byte after which the connection counts as lost; 0: none do.
 * @throws {ProtocolError} when it is no stream of events
 * @throws {ConnectionError} when it broke off
 */
export async function* readEvents(answer: OpenAnswer, silence: number): AsyncGenerator<ServerSentEvent> {
  const { response, url, deadline } = answer;
  try {
    const reader = bodyOf(response, url).getReader();
    const parser = new EventParser();
    const decoder = new TextDecoder();
    for (;;) {
      deadline.within(silence, url);
      const { done, value } = await reader.read().catch((error: unknown) => {
        throw deadline.reason ?? connectionFailure(url, error);
      });
      // A reader that takes its time is no silence of the server's.
      deadline.within(0, url);
      if (done) return;
      for (const event of parser.push(decoder.decode(value, { stream: true }))) {
        yield event;
        // What is there already is not wanted any more either.
        if (deadline.reason !== null) throw deadline.reason;
      }
    }
  } finally {
    deadline.close();
  }
}

function bodyOf({ headers, body, status }: Response, url: string): ReadableStream<Uint8Array> {
  const type = headers.get('content-type') ?? 'nothing';
  if (body !== null && type.startsWith('text/event-stream')) return body;
  throw new ProtocolError(`${url} answered ${type} instead of a stream of events.`, { url, status });
}
