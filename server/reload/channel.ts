import type { Duplex } from 'node:stream';
import { z } from 'zod';

/** Who hears what comes over a channel. */
export interface ChannelListener<Heard> {
  heard(message: Heard): void;
  /** Something of a type that only a later version knows; whoever says it can do without an answer. */
  unknown(type: string): void;
  /** The other end is gone, or said something that it may not. Comes once, as the last. @param error `null`: it ended */
  closed(error: Error | null): void;
}

/** What a channel understands: messages by their `type`. */
export interface Vocabulary<Heard> {
  schema: z.ZodType<Heard>;
  types: ReadonlySet<string>;
}

/** What all versions say. */
const MessageSchema = z.object({ type: z.string() });

/** A line of JSON a message, over a stream between two processes of the same user. */
export class Channel<Sent, Heard> {
  readonly #stream: Duplex;
  readonly #vocabulary: Vocabulary<Heard>;
  readonly #listener: ChannelListener<Heard>;
  #rest = '';
  #error: Error | null = null;

  constructor(stream: Duplex, vocabulary: Vocabulary<Heard>, listener: ChannelListener<Heard>) {
    this.#stream = stream;
    this.#vocabulary = vocabulary;
    this.#listener = listener;
    stream.setEncoding('utf8');
    stream.on('data', (text: string) => this.#take(text));
    stream.on('error', (error: NodeJS.ErrnoException) => {
      // Who ends with something unread in its socket resets the connection: that is an end like any other.
      if (error.syscall === undefined) this.#error ??= error;
    });
    stream.on('end', () => stream.destroy());
    stream.on('close', () => listener.closed(this.#error));
  }

  /** To one that is gone nothing is said. */
  send(message: Sent): void {
    if (!this.#stream.destroyed && this.#stream.writable) this.#stream.write(`${JSON.stringify(message)}\n`);
  }

  /** What was said still arrives. */
  close(): void {
    this.#stream.end();
  }

  #hear(said: unknown): void {
    const { schema, types } = this.#vocabulary;
    const { type } = MessageSchema.parse(said);
    if (types.has(type)) this.#listener.heard(schema.parse(said));
    else this.#listener.unknown(type);
  }

  #take(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    try {
      for (const line of lines) this.#hear(JSON.parse(line));
    } catch (error) {
      this.#stream.destroy(error instanceof Error ? error : new Error(String(error)));
    }
  }
}
