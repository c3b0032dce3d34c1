import { ConnectionError, type ChatRequest, type Client } from '@llamactl/client';
import { AnswerMeter, type AnswerFigures } from './answer-figures.ts';
import { AnswerBrokeOff, brokenOutcome, recordOf } from './answer-record.ts';
import { newId } from './new-id.ts';

/** An answer as far as it has come. */
export interface AnswerSoFar {
  text: string;
  reasoning: string;
  figures: AnswerFigures;
  /** Whether a limit of tokens ended the answer. */
  isCut: boolean;
}

/** How to read an answer. */
export interface AnswerReading {
  client: Pick<Client, 'chat' | 'listRequests'>;
  body: ChatRequest;
  /** Ends the answer, also at the engine. */
  signal: AbortSignal;
  /** Called for each chunk. */
  onPart: (sofar: AnswerSoFar) => void;
  /** Milliseconds of a steady clock. */
  now: () => number;
  /** Whether to ask llamactl how long the request waited. Not for a load test, which would measure that too. */
  asksWaits?: boolean | undefined;
}

/**
 * Reads an answer to its end.
 *
 * @throws {AnswerBrokeOff} An operator ended it, or its engine died.
 * @throws The refusal, the lost connection, or the reason of the signal.
 */
export async function readAnswer(reading: AnswerReading): Promise<AnswerSoFar> {
  const { client, body, signal, onPart, now, asksWaits = true } = reading;
  const requestId = newId();
  const meter = new AnswerMeter(now());
  let text = '';
  let reasoning = '';
  let isCut = false;
  let waits: Promise<void> | null = null;
  try {
    // A request that was refused is the user's to repeat: the page has a button for it.
    for await (const chunk of client.chat(body, { signal, requestId, retries: 0 })) {
      for (const { delta, finish_reason: finish } of chunk.choices) {
        text += delta.content ?? '';
        reasoning += delta.reasoning_content ?? '';
        if (finish === 'length') isCut = true;
      }
      meter.add(chunk, now());
      // With its first token, a request has waited for the last time.
      if (asksWaits && waits === null && (text !== '' || reasoning !== '')) {
        waits = recordOf(client, requestId, body.model).then((record) => meter.waited(record));
      }
      onPart({ text, reasoning, isCut, figures: meter.figures(now()) });
    }
  } catch (error) {
    if (signal.aborted || !(error instanceof ConnectionError)) throw error;
    const outcome = brokenOutcome(await recordOf(client, requestId, body.model));
    throw outcome === null ? error : new AnswerBrokeOff(outcome, requestId);
  }
  const ended = now();
  await waits;
  return { text, reasoning, isCut, figures: meter.figures(ended) };
}
