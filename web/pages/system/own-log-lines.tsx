import type { LogLevel, ServerLogEntry } from '@llamactl/client';
import { Moment } from '../../components/age.tsx';
import { classNames } from '../../lib/class-names.ts';
import { useWords } from '../../lib/language.ts';
import { systemWords } from '../../words/system.ts';
import { visibleText } from '../instance/log-text.ts';
import { fieldTexts, stackOf } from './own-log-fields.ts';

const LOOKS: Readonly<Record<LogLevel, string>> = {
  debug: 'text-mute',
  info: 'text-accent',
  warn: 'text-warn',
  error: 'text-bad',
};

/** Lines of llamactl's own log, newest first. */
export function OwnLogLines({ logs }: { logs: readonly ServerLogEntry[] }) {
  const words = useWords(systemWords);
  return (
    <ol aria-label={words.logLines} className="divide-y divide-line border-y border-line">
      {logs.toReversed().map((entry, at) => (
        // oxlint-disable-next-line react/no-array-index-key -- several lines may be equal
        <Line key={`${entry.timestamp} ${at}`} entry={entry} />
      ))}
    </ol>
  );
}

function Line({ entry }: { entry: ServerLogEntry }) {
  const { level, message, timestamp, fields } = entry;
  const stack = stackOf(fields);
  return (
    <li className="flex flex-wrap items-baseline gap-x-3 py-1 wide:flex-nowrap">
      <span className="figures shrink-0 text-mute wide:min-w-18">
        <Moment at={timestamp} />
      </span>
      <span className={classNames('w-10 shrink-0 text-label font-strong', LOOKS[level])}>{level}</span>
      <div className="min-w-0 basis-full wrap-anywhere wide:grow wide:basis-0">
        <span className={level === 'error' ? 'text-bad' : undefined}>{visibleText(message)}</span>
        {fieldTexts(fields).map(([name, text]) => (
          <span key={name}>
            {' '}
            <code className="break-words text-mute">
              {name}={visibleText(text)}
            </code>
          </span>
        ))}
        {stack !== null && (
          <details className="text-mute">
            <summary className="inline-flex min-h-6 items-center rounded-control hover:text-ink">
              <code>stack</code>
            </summary>
            <pre className="max-h-60 overflow-auto rounded-control border border-line bg-panel px-3 py-2 break-words whitespace-pre-wrap">
              {visibleText(stack)}
            </pre>
          </details>
        )}
      </div>
    </li>
  );
}
