import type { Duplex } from 'node:stream';
import { z } from 'zod';

/** Receives the messages of a channel. */
export interface ChannelListener<Heard> {
  heard(message: Heard): void;
  /** Called for a message of a type that only a later version knows. Its sender needs no answer. */
  unknown(type: string): void;
  /**
   * Called once, as the last call, when the other end is gone or sent an invalid message.
   *
   * @param error `null`: the other end closed the channel normally
   */
  closed(error: Error | null): void;
}

/** The messages that a channel accepts, by their `type`. */
export interface Vocabulary<Heard> {
  schema: z.ZodType<Heard>;
  types: ReadonlySet<string>;
}

/** The part of a message that is common to all versions. */
const MessageSchema = z.object({ type: z.string() });

/** Exchanges messages, one line of JSON each, over a stream between two processes of one user. */
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
      // A process that ends with unread bytes in its socket resets the connection: treat that as a normal end.
      if (error.syscall === undefined) this.#error ??= error;
    });
    stream.on('end', () => stream.destroy());
    stream.on('close', () => listener.closed(this.#error));
  }

  /** Sends a message; does nothing if the other end is gone. */
  send(message: Sent): void {
    if (!this.#stream.destroyed && this.#stream.writable) this.#stream.write(`${JSON.stringify(message)}\n`);
  }

  /** Closes the channel after the messages that were sent. */
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
