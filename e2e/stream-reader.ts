/** Reads a stream in the background. */
export class StreamReader<Item> {
  readonly items: Item[] = [];
  /** Resolves when the stream has ended; rejects when it failed. */
  readonly ended: Promise<void>;
  #wake = (): void => undefined;

  constructor(stream: AsyncIterable<Item>) {
    this.ended = this.#read(stream);
    this.ended.catch(() => undefined);
  }

  /** Resolves when enough has come; rejects when the stream ends before. */
  async until(isEnough: (items: readonly Item[]) => boolean): Promise<void> {
    const early = this.ended.then(() => {
      throw new Error('the stream ended before that came');
    });
    early.catch(() => undefined);
    while (!isEnough(this.items)) {
      await Promise.race([early, new Promise<void>((resolve) => (this.#wake = resolve))]);
    }
  }

  async #read(stream: AsyncIterable<Item>): Promise<void> {
    for await (const item of stream) {
      this.items.push(item);
      this.#wake();
    }
  }
}
