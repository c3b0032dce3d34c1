import type { ChatRequest, Client } from '@llamactl/client';
import { AnswerMeter, type AnswerFigures } from './answer-figures.ts';

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
  client: Pick<Client, 'chat'>;
  body: ChatRequest;
  /** Ends the answer, also at the engine. */
  signal: AbortSignal;
  /** Called for each chunk. */
  onPart: (sofar: AnswerSoFar) => void;
  /** Milliseconds of a steady clock. */
  now: () => number;
}

/** Reads an answer to its end. @throws The refusal, the lost connection, or the reason of the signal. */
export async function readAnswer({ client, body, signal, onPart, now }: AnswerReading): Promise<AnswerSoFar> {
  const meter = new AnswerMeter(now());
  let text = '';
  let reasoning = '';
  let isCut = false;
  // A request that was refused is the user's to repeat: the page has a button for it.
  for await (const chunk of client.chat(body, { signal, retries: 0 })) {
    for (const { delta, finish_reason: finish } of chunk.choices) {
      text += delta.content ?? '';
      reasoning += delta.reasoning_content ?? '';
      if (finish === 'length') isCut = true;
    }
    meter.add(chunk, now());
    onPart({ text, reasoning, isCut, figures: meter.figures(now()) });
  }
  return { text, reasoning, isCut, figures: meter.figures(now()) };
}
