import { statSync } from 'node:fs';
import path from 'node:path';
import { MAX_LOG_LINES, type Logs } from '@llamactl/contract/logs';
import { RUN_LOG, type LogReference, type RunLogs } from '../instances/ports/run-output.ts';
import type { Clock } from '../instances/ports/time.ts';
import { cutText } from './clean-text.ts';
import { firstEntries } from './first-entries.ts';
import { followLog } from './follow.ts';
import { ForwardEntries } from './forward-entries.ts';
import type { LogKeeper } from './keeper.ts';
import { lastEntries } from './last-entries.ts';
import { listRuns, readRun } from './layout.ts';
import { type SearchOptions, BackwardLines } from './lines-backward.ts';
import { LiveLog } from './live-log.ts';
import { LogFiles } from './log-files.ts';
import { writeRunPlace } from './run-start.ts';
import type { Line } from './line-split.ts';

/** The most bytes that are read in a search for lines of one log level. */
const MAX_SEARCH_BYTES = 64 * 1_048_576;

/** The most bytes that are read in a search for a text: its pattern is tried on each line. */
const MAX_TEXT_SEARCH_BYTES = 16 * 1_048_576;

/** Most bytes that a tail reads. Lines further back are not found. */
const MAX_TAIL_BYTES = 1_048_576;

/** Longer lines of a tail are cut; an ellipsis marks the cut. */
const MAX_TAIL_CHARACTERS = 2_000;

export interface RunLogsOptions {
  clock: Clock;
  /** Keeps logs within their size limits. Closed with the logs. */
  keeper: LogKeeper;
  onFault: (error: unknown, what: string) => void;
}

/** The logs of all instances, in the folders of their runs. */
export function createRunLogs({ clock, keeper, onFault }: RunLogsOptions): RunLogs {
  const liveLogs = new Map<string, LiveLog>();
  let isClosed = false;

  const liveOf = ({ folder }: LogReference): LiveLog => {
    const live = liveLogs.get(folder) ?? new LiveLog(clock);
    liveLogs.set(folder, live);
    return live;
  };
  const filesOf = ({ folder }: LogReference, live: LiveLog): LogFiles =>
    new LogFiles({
      list: () => listRuns(folder),
      stamp: () => [live.runsVersion, ...live.kept.map((run) => keeper.rotations(run))].join(' '),
    });
  const searchOf = (live: LiveLog): SearchOptions => ({
    clock,
    maxBytes: MAX_SEARCH_BYTES,
    isWritten: ({ folder }) => live.written.has(folder),
  });

  return {
    tail: async ({ folder }, count) => {
      const files = new LogFiles({
        list: async () => [await readRun(folder, 0, 0)],
        stamp: () => String(keeper.rotations(folder)),
      });
      const search = { clock, maxBytes: MAX_TAIL_BYTES, isWritten: () => false };
      const lines = await lastLines(files, count, search);
      return lines.map(({ text, isCut }) => cutText(text, MAX_TAIL_CHARACTERS, isCut));
    },

    size: ({ folder }) => statSync(path.join(folder, RUN_LOG), { throwIfNoEntry: false })?.size ?? 0,

    begin: async (log, run) => {
      try {
        await writeRunPlace(log, run);
      } catch (error) {
        onFault(error, `The start of a run in the log of ${log.instance} could not be stored`);
      }
    },

    attach: (log, run) => {
      keeper.attach(log, run);
      liveOf(log).attach(run);
    },

    detach: (log, run) => {
      liveOf(log).detach(run);
      keeper.detach(log, run);
    },

    read: async (log, { lines, level, afterSeq, beforeSeq, contains, signal }, mask) => {
      const live = liveOf(log);
      const files = filesOf(log, live);
      const maxBytes = contains === undefined ? MAX_SEARCH_BYTES : MAX_TEXT_SEARCH_BYTES;
      const search = { ...searchOf(live), maxBytes, before: beforeSeq, signal };
      const filter = contains === undefined ? { level } : { level, accepts: containing(contains, mask) };
      const count = lines ?? MAX_LOG_LINES;
      if (afterSeq === null) {
        const { entries, isTruncated, searchedTo } = await lastEntries(files, count, filter, search);
        return { logs: entries, ...stopAt(isTruncated, searchedTo) };
      }
      const forward = await ForwardEntries.open(files, afterSeq, filter, search.isWritten);
      const { entries, gap, isTruncated, next } = await firstEntries(forward, afterSeq, count, search.maxBytes, signal);
      return { logs: entries, ...stopAt(isTruncated, next), ...(gap === null ? {} : { gap }) };
    },

    follow: (log, query, signal) => {
      const live = liveOf(log);
      if (isClosed) live.end();
      return followLog(filesOf(log, live), live, query, searchOf(live), signal);
    },

    forget: (log) => {
      liveLogs.get(log.folder)?.end();
      liveLogs.delete(log.folder);
    },

    close: () => {
      isClosed = true;
      for (const live of liveLogs.values()) live.end();
      keeper.close();
    },
  };
}

/** Returns whether a message has a text, ignoring case. */
function containing(text: string, mask = (message: string): string => message): (message: string) => boolean {
  // a pattern compares without making a copy of each message in lower case
  const pattern = new RegExp(text.replaceAll(/[^\p{L}\p{N}\s]/gu, String.raw`\$&`), 'i');
  return (message) => pattern.test(mask(message));
}

/** The fields of an answer whose search stopped at its limit of bytes. */
function stopAt(isTruncated: boolean, seq: number): Pick<Logs, 'truncated' | 'next_seq'> {
  return isTruncated ? { truncated: true, next_seq: seq } : {};
}

/** Reads the last lines of a log, whatever their level, oldest first. */
async function lastLines(files: LogFiles, count: number, options: SearchOptions): Promise<Line[]> {
  const search = new BackwardLines(files, options);
  const blocks: Line[][] = [];
  let found = 0;
  while (found < count) {
    const block = await search.block();
    if (block === null) break;
    blocks.push(block.lines);
    found += block.lines.length;
  }
  const lines = blocks.toReversed().flat();
  return lines.slice(Math.max(0, lines.length - count));
}
