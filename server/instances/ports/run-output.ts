import type { LogItem, LogLevel, Logs } from '@llamactl/contract/logs';
import type { RunReference } from './runs.ts';

/** Name of the file with a run's output, in the run's folder. */
export const RUN_LOG = 'log';

/** Name of a file with the size that the log had when a frozen run was resumed because this process died. */
export const RUN_WOKEN = 'log.woken';

/** Reads the output of runs. An engine appends to a file of its run, and every method here reads that file. */
export interface RunLogs {
  /** The last lines of a run's output, without control characters; empty when it wrote nothing. */
  tail(run: RunReference, lines: number): Promise<string[]>;
  /**
   * Bytes in the run's file; 0 without a file. Grows with output and shrinks with a rotation. Takes microseconds, because it
   * is called every few milliseconds while an engine loads.
   */
  size(run: RunReference): number;
  /**
   * Places a run at the end of the log. Await it before the spawn; the run's folder need not exist yet. Never rejects: if
   * the position cannot be written, it is derived from the files later.
   */
  begin(log: LogReference, run: RunReference): Promise<void>;
  /** Starts watching a run that writes: rotates its log and feeds followers. A second call has no effect. */
  attach(log: LogReference, run: RunReference): void;
  /** Stops watching a run that writes no more. Must also work for a run that was never attached. */
  detach(log: LogReference, run: RunReference): void;
  /**
   * Reads the selected lines once.
   *
   * @param mask Applied to a message before it is searched, so that a search cannot find out a secret.
   */
  read(log: LogReference, query: LogQuery, mask?: (message: string) => string): Promise<Logs>;
  /**
   * Yields the lines of {@link read}, then new lines in batches as they arrive. Ends when `signal` aborts or the log is
   * forgotten. It reads at the follower's pace and buffers nothing: if lines are dropped from the disk before a slow
   * follower reads them, it yields a gap.
   */
  follow(log: LogReference, query: LogQuery, signal: AbortSignal): AsyncIterable<readonly LogItem[]>;
  /** Ends the followers of a deleted instance. Does not remove its files. */
  forget(log: LogReference): void;
  /** Ends every follower and stops watching. */
  close(): void;
}

/** The log of one instance: the output of all its kept runs. */
export interface LogReference {
  /** Absolute: the folder that holds the folders of the instance's runs. */
  folder: string;
  /** The instance's name, for messages. */
  instance: string;
}

/** Selects lines of a log. */
export interface LogQuery {
  /** Number of lines: the first ones after `afterSeq`, or without it the last ones. `null` (only for `follow`): all. */
  lines: number | null;
  /** Lines of this level and above; `null`: all. */
  level: LogLevel | null;
  /** Only lines with a greater `seq`; `null`: no limit. */
  afterSeq: number | null;
  /** Only lines with a smaller `seq`, the last of them. Not for `follow`, nor with `afterSeq`. */
  beforeSeq?: number;
  /** Only lines whose message has this text, ignoring case. Not for `follow`. */
  contains?: string;
  /** Aborts a search. */
  signal?: AbortSignal;
  /**
   * Only for `follow`: bytes of output that the follower may be behind. If it is further behind, it skips to the newest
   * output and yields a gap. Absent: it gets everything.
   */
  mostBehind?: number;
}
