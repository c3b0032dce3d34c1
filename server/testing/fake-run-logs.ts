import type { LogEntry, LogItem, Logs } from '@llamactl/contract/logs';
import type { LogQuery, LogReference, RunLogs } from '../instances/ports/run-output.ts';
import type { RunReference } from '../instances/ports/runs.ts';

/** One call of {@link FakeRunLogs} about the beginning or end of a run or a log. */
export interface FakeLogCall {
  method: 'begin' | 'attach' | 'detach' | 'forget';
  /** Folder of the run; for `forget`, of the log. */
  folder: string;
}

/** {@link RunLogs} in memory, with the output that a test sets. It does not filter, and records calls. */
export class FakeRunLogs implements RunLogs {
  /** The result of `tail` by the run's folder; `*`: for all other runs. */
  readonly output = new Map<string, string[]>();
  /** While set, no output can be read. */
  fault: Error | null = null;
  readonly calls: FakeLogCall[] = [];
  /** The entries of `read` and `follow`, by the log's folder. */
  readonly #entries = new Map<string, LogEntry[]>();
  readonly #wakes = new Set<() => void>();
  readonly #forgotten = new Set<string>();
  #isClosed = false;

  /** Adds lines to a log, as an engine would. */
  write({ folder }: Pick<LogReference, 'folder'>, ...entries: LogEntry[]): void {
    this.#entries.set(folder, [...this.#of(folder), ...entries]);
    this.#wake();
  }

  async tail({ folder }: RunReference, _lines: number): Promise<string[]> {
    if (this.fault !== null) throw this.fault;
    return this.output.get(folder) ?? this.output.get('*') ?? [];
  }

  size({ folder }: RunReference): number {
    return (this.output.get(folder) ?? this.output.get('*') ?? []).join('\n').length;
  }

  async begin(_log: LogReference, { folder }: RunReference): Promise<void> {
    this.calls.push({ method: 'begin', folder });
  }

  attach(_log: LogReference, { folder }: RunReference): void {
    this.calls.push({ method: 'attach', folder });
  }

  detach(_log: LogReference, { folder }: RunReference): void {
    this.calls.push({ method: 'detach', folder });
  }

  async read({ folder }: LogReference, { lines, afterSeq }: LogQuery): Promise<Logs> {
    if (this.fault !== null) throw this.fault;
    const entries = this.#of(folder);
    const count = lines ?? entries.length;
    if (afterSeq === null) return { logs: entries.slice(Math.max(0, entries.length - count)) };
    return { logs: entries.filter(({ seq }) => seq > afterSeq).slice(0, count) };
  }

  async *follow(
    log: LogReference,
    { lines, afterSeq }: LogQuery,
    signal: AbortSignal,
  ): AsyncGenerator<readonly LogItem[]> {
    const all = this.#of(log.folder);
    let at = afterSeq === null ? Math.max(0, all.length - (lines ?? all.length)) : 0;
    while (!signal.aborted && !this.#isClosed && !this.#forgotten.has(log.folder)) {
      const entries = this.#of(log.folder);
      const items = entries.slice(at).filter(({ seq }) => seq > (afterSeq ?? -1));
      at = entries.length;
      if (items.length > 0) yield items;
      else await this.#woken(signal);
    }
  }

  forget({ folder }: LogReference): void {
    this.calls.push({ method: 'forget', folder });
    this.#forgotten.add(folder);
    this.#wake();
  }

  close(): void {
    this.#isClosed = true;
    this.#wake();
  }

  #of(folder: string): LogEntry[] {
    return this.#entries.get(folder) ?? [];
  }

  #woken(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      this.#wakes.add(resolve);
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }

  #wake(): void {
    for (const resolve of this.#wakes) resolve();
    this.#wakes.clear();
  }
}
