import type { LogFiles } from './log-files.ts';
import { hasClock } from './entries.ts';
import { eachLine, LINE_FEED, type Line } from './line-split.ts';
import type { RunOutput } from './layout.ts';

/** The lines before a position of a log. */
export interface LookBack {
  /** Start of the line that contains the position; the position itself if it is between two lines. */
  start: number;
  /** The run at the position, and its last lines before `start`; `null`: no earlier output of that run is kept. */
  before: { run: RunOutput; lines: Line[] } | null;
}

const FIRST_BYTES = 65_536;
const MAX_BYTES = 1_048_576;
const WIDER = 4;

/**
 * Searches backward for the start of a line, and for lines that determine time and level of the lines after them. Goes
 * back at most a mebibyte: a line that is longer counts as beginning at the position.
 *
 * @param isWritten whether a process writes to a run's file
 */
export async function lookBack(
  files: LogFiles,
  place: number,
  isWritten: (run: RunOutput) => boolean,
): Promise<LookBack> {
  const nothing: LookBack = { start: place, before: null };
  for (let reach = FIRST_BYTES; reach <= MAX_BYTES;) {
    const segments = await files.segments();
    const index = segments.findLastIndex(({ from }) => from < place);
    const segment = segments[index];
    if (segment === undefined || segment.to < place) return nothing;
    const { run } = segment;
    const endsRun = place === segment.to && segments[index + 1]?.run.folder !== run.folder;
    // the last line of a run that is over needs no line feed
    if (endsRun && !(segment.isOpen && isWritten(run))) return nothing;
    const from = Math.max(segment.from, place - reach);
    const bytes = await files.read(segment, from, place - from);
    if (bytes === null) continue;
    const isStart = from === segment.from;
    const end = bytes.lastIndexOf(LINE_FEED) + 1;
    const first = isStart ? 0 : bytes.indexOf(LINE_FEED) + 1;
    const lines: Line[] = [];
    eachLine(bytes.subarray(first, end), from + first, (text, seq, isCut) => lines.push({ text, seq, isCut }));
    // widen the search once for a line with a timestamp
    const isEnough = isStart || (end > 0 && (reach > FIRST_BYTES || hasClock(lines)));
    if (isEnough) return { start: from + end, before: { run, lines } };
    reach *= WIDER;
  }
  return nothing;
}
