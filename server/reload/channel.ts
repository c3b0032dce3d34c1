import type { Duplex } from 'node:stream';
import type { z } from 'zod';

/** Who hears what comes over a channel. */
export interface ChannelListener<Heard> {
  heard(message: Heard): void;
  /** The other end is gone, or said something that it may not. Comes once, as the last. @param error `null`: it ended */
  closed(error: Error | null): void;
}

/** A line of JSON a message, over a stream between two processes of the same user. */
export class Channel<Sent, Heard> {
  readonly #stream: Duplex;
  readonly #schema: z.ZodType<Heard>;
  readonly #listener: ChannelListener<Heard>;
  #rest = '';
  #error: Error | null = null;

  constructor(stream: Duplex, schema: z.ZodType<Heard>, listener: ChannelListener<Heard>) {
    this.#stream = stream;
    this.#schema = schema;
    this.#listener = listener;
    stream.setEncoding('utf8');
    stream.on('data', (text: string) => this.#take(text));
    stream.on('error', (error) => (this.#error ??= error));
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

  #take(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    try {
      for (const line of lines) this.#listener.heard(this.#schema.parse(JSON.parse(line)));
    } catch (error) {
      this.#stream.destroy(error instanceof Error ? error : new Error(String(error)));
    }
  }
}
