import { LogItemSchema, type LogEntry, type LogGap } from '@llamactl/contract/logs';

/** A caller that follows a log, as Server-Sent Events or JSON lines, whichever it is answered with. */
export class FollowedLog {
  readonly entries: LogEntry[] = [];
  readonly gaps: LogGap['gap'][] = [];
  /** Resolves when the server ended it in order; rejects when it broke. */
  readonly ended: Promise<void>;
  /** Resolves when the connection broke. */
  readonly broken: Promise<void>;
  readonly #hangUp = new AbortController();
  readonly #watchers = new Set<() => void>();

  constructor(url: string, headers: Record<string, string> = {}) {
    this.ended = this.#read(url, headers);
    this.broken = this.ended.then(
      () => {
        throw new Error('it ended in order');
      },
      () => undefined,
    );
    this.broken.catch(() => undefined);
  }

  /** Resolves as soon as what has come is enough; rejects when it ends before. */
  async until(isEnough: (entries: readonly LogEntry[]) => boolean): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const look = (): void => {
      if (isEnough(this.entries)) resolve();
    };
    this.#watchers.add(look);
    look();
    const tooEarly = this.ended.then(() => {
      if (!isEnough(this.entries)) throw new Error('the log ended before that came');
    });
    try {
      await Promise.race([promise, tooEarly]);
    } finally {
      this.#watchers.delete(look);
      tooEarly.catch(() => undefined);
    }
  }

  /** Hangs up. */
  async close(): Promise<void> {
    this.#hangUp.abort();
    await this.ended.catch(() => undefined);
  }

  async #read(url: string, headers: Record<string, string>): Promise<void> {
    const response = await fetch(url, { headers, signal: this.#hangUp.signal });
    if (response.status !== 200 || response.body === null) throw new Error(`answered ${response.status}`);
    const isEvents = response.headers.get('content-type')?.startsWith('text/event-stream') === true;
    let rest = '';
    for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) this.#take(isEvents ? dataOf(line) : line);
      for (const look of this.#watchers) look();
    }
  }

  #take(json: string): void {
    if (json === '') return;
    const item = LogItemSchema.parse(JSON.parse(json));
    if ('gap' in item) this.gaps.push(item.gap);
    else this.entries.push(item);
  }
}

/** The payload of a line of an event; empty for its other lines. */
function dataOf(line: string): string {
  return line.startsWith('data: ') ? line.slice('data: '.length) : '';
}
