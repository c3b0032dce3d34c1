import type { LogEntry } from '@llamactl/client';
import { useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore, type RefObject } from 'react';
import { EmptyState } from '../../components/empty-state.tsx';
import { ErrorState } from '../../components/error-state.tsx';
import { SkeletonRows } from '../../components/skeleton.tsx';
import { showToast } from '../../components/toast.tsx';
import { useApp } from '../../lib/app.ts';
import { useWords } from '../../lib/language.ts';
import type { Row } from '../../lib/live/row-store.ts';
import { LOG_LEVELS } from '../../lib/log-levels.ts';
import { useShortcuts } from '../../lib/shortcuts.ts';
import { useStored } from '../../lib/value-store.ts';
import { instanceWords } from '../../words/instance.ts';
import { useStatusEvents } from './instance-events.ts';
import { LogSearch, nextError, nextOf } from './log-search.ts';
import { LogSession } from './log-session.ts';
import { useLogSettings } from './log-settings.ts';
import { searchPattern } from './log-text.ts';
import { LogToolbar } from './log-toolbar.tsx';
import { LogView, type LogViewHandle } from './log-view.tsx';
import { WholeLogSearch } from './whole-log-search.tsx';

/** The log of one instance. @param line `seq` of the line to show first. */
export default function LogsTab({ row, line }: { row: Row; line: number | undefined }) {
  const { name } = row;
  const { client, feed } = useApp();
  const [settings, changeSettings] = useLogSettings();
  const { level } = settings;
  const [session, setSession] = useState<LogSession | null>(null);
  useEffect(() => {
    const opened = new LogSession({ client, feed, name, level });
    setSession(opened);
    void opened.open();
    return () => opened.close();
  }, [client, feed, name, level]);
  if (session === null) return null;
  return <OpenLog {...{ name, session, settings, changeSettings, line }} />;
}

interface OpenLogProps {
  name: string;
  session: LogSession;
  settings: ReturnType<typeof useLogSettings>[0];
  changeSettings: ReturnType<typeof useLogSettings>[1];
  line: number | undefined;
}

function OpenLog({ name, session, settings, changeSettings, line }: OpenLogProps) {
  const words = useWords(instanceWords).logs;
  const { store } = session;
  const state = useStored(session.state);
  const [query, setQuery] = useState('');
  // Without a search, new lines are the business of the lines alone.
  const version = useSyncExternalStore(store.subscribe, () =>
    query === '' ? Number(store.hasLines) : store.version(),
  );
  const [isFollowing, setFollowing] = useState(line === undefined);
  const [shown, setShown] = useState<number | null>(null);
  const view = useRef<LogViewHandle>(null);
  const field = useRef<HTMLInputElement>(null);
  useMarks(name, session);
  // The text whose first match has been shown.
  const sought = useRef('');
  const search = useMemo(() => (query === '' ? null : new LogSearch(store, query)), [store, query]);
  const pattern = useMemo(() => (query === '' ? null : searchPattern(query)), [query]);
  // oxlint-disable-next-line react/exhaustive-deps -- the lines change with the version
  const matches = useMemo(() => search?.update() ?? null, [search, version]);
  const at = matches === null || shown === null ? 0 : matches.indexOf(shown) + 1;

  const show = (number: number | null): void => {
    if (number === null) return;
    setShown(number);
    view.current?.show(number);
  };
  useEffect(() => {
    if (sought.current === query) return;
    sought.current = query;
    const first = matches === null ? null : nextOf(matches, (view.current?.top() ?? 0) - 1, 1);
    if (first === null) return;
    setShown(first);
    view.current?.show(first);
  }, [query, matches]);
  const step = (direction: 1 | -1): void => {
    if (matches !== null) show(nextOf(matches, shown ?? view.current?.top() ?? -1, direction));
  };
  const toError = (): void => {
    const next = nextError(store, view.current?.top() ?? -1);
    if (next === null) showToast({ kind: 'done', text: words.noError });
    else show(next);
  };
  const changeQuery = (text: string): void => {
    setQuery(text);
    setShown(null);
  };
  const follow = (): void => (isFollowing ? setFollowing(false) : view.current?.follow());
  const showLine = useShowLine(line, session, show);
  const showFound = useCallback(
    ({ seq }: LogEntry): void => {
      setFollowing(false);
      showLine(seq);
    },
    [showLine],
  );
  useShortcuts(words.place, [
    { keys: 'mod+f', label: words.search, isGlobal: true, run: () => focusOn(field) },
    { keys: '/', label: words.search, run: () => focusOn(field) },
    { keys: 'f', label: words.follow, run: follow },
    { keys: 'w', label: words.wrap, run: () => changeSettings({ isWrapped: !settings.isWrapped }) },
    { keys: 'n', label: words.next, run: () => step(1) },
    { keys: 'N', label: words.previous, run: () => step(-1) },
    { keys: '!', label: words.nextError, run: toError },
    ...LOG_LEVELS.map((level, index) => ({
      keys: String(index + 1),
      label: words.levels[level],
      run: () => changeSettings({ level }),
    })),
  ]);
  const isEmpty = state.kind === 'ready' && !store.hasLines;
  return (
    <>
      <LogToolbar
        {...{ name, session, settings, query, isFollowing }}
        onSettings={changeSettings}
        onQuery={changeQuery}
        found={matches === null ? null : { at, count: matches.length }}
        onStep={step}
        onLeave={() => view.current?.focus()}
        onNextError={toError}
        onFollow={follow}
        fieldRef={field}
      />
      {matches !== null && state.kind === 'ready' && (
        <WholeLogSearch {...{ session, query }} loaded={matches.length} onShow={showFound} />
      )}
      {state.kind === 'failed' && <ErrorState error={state.error} onRetry={() => void session.open()} />}
      {state.kind === 'loading' && (
        <div className="p-4 wide:px-6">
          <SkeletonRows />
        </div>
      )}
      {isEmpty && <EmptyState icon="logs" title={settings.level === 'debug' ? words.none : words.noneOfLevel} />}
      {state.kind === 'ready' && !isEmpty && (
        <LogView
          ref={view}
          session={session}
          isWrapped={settings.isWrapped}
          pattern={pattern}
          isFollowing={isFollowing}
          onFollow={setFollowing}
        />
      )}
    </>
  );
}

function focusOn(field: RefObject<HTMLInputElement | null>): void {
  field.current?.focus();
  field.current?.select();
}

/** Shows changes of the status between the lines. */
function useMarks(name: string, { store }: LogSession): void {
  const events = useStatusEvents(name);
  useEffect(() => {
    for (const event of events) {
      if (event.type !== 'instance_status_changed') continue;
      const { status, reason = null, phrase } = event.data;
      if (status !== 'stopping') store.mark({ at: event.timestamp, status, reason, phrase });
    }
  }, [events, store]);
}

/** Goes to the line of a link, once it is loaded. @returns Goes to another line, by its `seq` */
function useShowLine(
  line: number | undefined,
  session: LogSession,
  show: (number: number) => void,
): (seq: number) => void {
  const wanted = useRef(line);
  const latest = useRef(show);
  latest.current = show;
  const state = useStored(session.state);
  const go = useCallback((): void => {
    const present = session.state.get();
    if (wanted.current === undefined || present.kind !== 'ready') return;
    const { store } = session;
    if (present.hasOlder && (store.firstSeq ?? 0) > wanted.current) {
      void session.loadOlder();
      return;
    }
    const index = store.indexOf(wanted.current);
    wanted.current = undefined;
    if (index !== -1) latest.current(store.first + index);
  }, [session]);
  useEffect(() => {
    wanted.current = line;
  }, [line]);
  useEffect(go, [go, state, line]);
  return useCallback(
    (seq: number): void => {
      wanted.current = seq;
      go();
    },
    [go],
  );
}
