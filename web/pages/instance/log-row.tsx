import type { LogLevel } from '@llamactl/client';
import { memo } from 'react';
import { clockTime } from '../../../format/clock-time.ts';
import { PhraseSentence } from '../../components/server-sentence.tsx';
import { StatusShape } from '../../components/status.tsx';
import { classNames } from '../../lib/class-names.ts';
import { useWords } from '../../lib/language.ts';
import { instanceWords } from '../../words/instance.ts';
import { partsWords } from '../../words/parts.ts';
import { LINE_PX } from './log-layout.ts';
import type { LogRow } from './log-store.ts';
import { textParts, visibleText } from './log-text.ts';

/** Colour of the letter and of the text of each level. */
const LOOKS: Readonly<Record<LogLevel, readonly [string, string]>> = {
  debug: ['text-mute', 'text-mute'],
  info: ['text-accent', ''],
  warn: ['text-warn', 'text-warn'],
  error: ['text-bad', 'text-bad'],
};

/** The part of a time that a phone shows: `14:03` of `14:03:12`. */
const MINUTES = 'HH:MM'.length;

const TIME = 'figures w-[6ch] shrink-0 pl-[1ch] text-mute wide:w-[13ch] wide:pl-6';

interface LogLineProps {
  row: LogRow;
  /** Lines of the screen. */
  lines: number;
  /** Characters in a line of the screen; `null`: long lines are not wrapped. */
  columns: number | null;
  /** The text to mark; `null`: none. */
  pattern: RegExp | null;
  /** Whether it is the match that the search shows, or the line of a link. */
  isCurrent: boolean;
}

/** One row of the log. */
export const LogLine = memo(function LogLine({ row, lines, columns, pattern, isCurrent }: LogLineProps) {
  const words = useWords(instanceWords).logs;
  if (row.kind !== 'line') return <Rule row={row} />;
  const [letterLook, textLook] = LOOKS[row.level];
  const isWrapped = columns !== null;
  const time = clockTime(row.at, Date.parse(row.at));
  return (
    <div
      data-seq={row.key}
      aria-current={isCurrent || undefined}
      style={{ height: lines * LINE_PX }}
      className={classNames(
        'flex min-w-full overflow-hidden pr-4 hover:bg-hover',
        isCurrent ? 'bg-selected shadow-[inset_2px_0_0_var(--accent)]' : row.level === 'error' && 'bg-bad-soft',
      )}
    >
      {row.isUntimed ? (
        <span title={words.untimed(time)} className={classNames(TIME, 'text-right')}>
          ↳
        </span>
      ) : (
        <time dateTime={row.at} title={row.at} className={TIME}>
          {time.slice(0, MINUTES)}
          <span className="hidden wide:inline">{time.slice(MINUTES)}</span>
        </time>
      )}
      <span
        title={words.levelNames[row.level]}
        className={classNames('w-[3ch] shrink-0 pl-[1ch] font-strong', letterLook)}
      >
        {row.level.slice(0, 1).toUpperCase()}
      </span>
      <span
        dir="ltr"
        style={isWrapped ? { width: `${columns}ch` } : undefined}
        className={classNames(
          '[unicode-bidi:isolate]',
          textLook,
          isWrapped ? 'shrink-0 [line-break:anywhere] whitespace-break-spaces' : 'whitespace-pre',
        )}
      >
        {textParts(visibleText(row.message), pattern).map(({ text, isFound }, at) =>
          isFound ? (
            // oxlint-disable-next-line react/no-array-index-key -- parts keep their places
            <mark key={at} className="rounded-[2px] bg-warn text-canvas">
              {text}
            </mark>
          ) : (
            text
          ),
        )}
      </span>
    </div>
  );
});

/** Characters before the text of a line, on a narrow and on a wide screen. */
export const GUTTER = { narrow: 9, wide: 16 } as const;

/** The begin or end of a run, or missing lines. */
function Rule({ row }: { row: Exclude<LogRow, { kind: 'line' }> }) {
  const words = useWords(instanceWords).logs;
  const { statuses } = useWords(partsWords);
  return (
    <div
      style={{ height: LINE_PX }}
      className="sticky left-0 flex w-full max-w-full items-center gap-2 px-4 font-sans wide:px-6 text-label text-mute"
    >
      <span className="h-px w-4 shrink-0 bg-edge wide:w-16" />
      {row.kind === 'gap' ? (
        <span className="text-warn">{words.gap}</span>
      ) : (
        <span className="flex min-w-0 items-center gap-1.5">
          <StatusShape of={row.status} label={statuses[row.status]} />
          <time dateTime={row.at} title={row.at} className="figures">
            {clockTime(row.at, Date.now())}
          </time>
          <span className="shrink-0 text-ink">{words.marks[row.status]}</span>
          {row.reason !== null && (
            <span className="truncate">
              <PhraseSentence phrase={row.phrase} words={visibleText(row.reason)} />
            </span>
          )}
        </span>
      )}
      <span className="h-px grow bg-edge" />
    </div>
  );
}
