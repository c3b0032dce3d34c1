import type { LogEntry } from '@llamactl/client';
import { useMutation } from '@tanstack/react-query';
import { memo } from 'react';
import { Moment } from '../../components/age.tsx';
import { Button } from '../../components/button.tsx';
import { IconButton } from '../../components/icon-button.tsx';
import { showError } from '../../components/toast.tsx';
import { useWords } from '../../lib/language.ts';
import { instanceWords } from '../../words/instance.ts';
import type { LogSession } from './log-session.ts';
import { visibleText } from './log-text.ts';

interface WholeLogSearchProps {
  session: LogSession;
  /** Not empty. */
  query: string;
  /** Matches in the loaded lines. */
  loaded: number;
  /** Shows a found line in the log. The same function for each rendering. */
  onShow: (line: LogEntry) => void;
}

/** The search in all kept lines of a log, and the lines that it found. */
export function WholeLogSearch({ session, query, loaded, onShow }: WholeLogSearchProps) {
  const words = useWords(instanceWords).logs.whole;
  const search = useMutation({
    mutationFn: async (text: string) => ({ text, ...(await session.search(text)) }),
    onError: showError,
  });
  const found = search.data?.text === query ? search.data : null;
  return (
    <section aria-label={words.label} className="shrink-0 border-b border-line bg-panel px-4 py-1.5 wide:px-6">
      <div className="flex flex-wrap items-center gap-2 text-label">
        <span role="status">
          {found === null ? words.loaded(loaded) : words.found(found.lines.length, found.isCut)}
        </span>
        {found === null ? (
          <Button size="small" kind="quiet" isPending={search.isPending} onClick={() => search.mutate(query)}>
            {words.search}
          </Button>
        ) : (
          <IconButton icon="cross" label={words.close} onClick={() => search.reset()} />
        )}
      </div>
      {found !== null && found.lines.length > 0 && <FoundLines lines={found.lines} onShow={onShow} />}
    </section>
  );
}

interface FoundLinesProps {
  lines: readonly LogEntry[];
  onShow: (line: LogEntry) => void;
}

/** The found lines, up to a thousand. They do not render again for each line that the log gets. */
const FoundLines = memo(function FoundLines({ lines, onShow }: FoundLinesProps) {
  return (
    <ol className="mt-1 max-h-60 overflow-y-auto font-mono text-[0.75rem] leading-5">
      {lines.map((line) => (
        <li key={line.seq}>
          <button
            type="button"
            onClick={() => onShow(line)}
            className="flex min-h-6 w-full gap-3 rounded-control px-1 text-left hover:bg-hover"
          >
            <span className="shrink-0 text-mute">
              <Moment at={line.timestamp} />
            </span>
            <span className="min-w-0 break-words">{visibleText(line.message)}</span>
          </button>
        </li>
      ))}
    </ol>
  );
});
