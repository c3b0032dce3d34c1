import { readText, type AnswerTextOptions } from './answer-text.ts';
import { EventParser, type ServerSentEvent } from './server-sent-events.ts';
import type { OpenAnswer } from './transport.ts';

/** Yields the Server-Sent Events of an answer, until it ends. Throws like {@link readText}. */
export async function* readEvents(
  answer: OpenAnswer,
  options: Omit<AnswerTextOptions, 'mediaType'>,
): AsyncGenerator<ServerSentEvent> {
  const parser = new EventParser();
  for await (const text of readText(answer, { mediaType: 'text/event-stream', ...options })) {
    for (const event of parser.push(text)) {
      yield event;
      // After an abort, events that already arrived are not wanted either.
      if (answer.deadline.reason !== null) throw answer.deadline.reason;
    }
  }
}
