import type { Frame } from '@llamactl/client';
import { closeErrors, showError, showToast, startedToast } from '../components/toast.tsx';
import type { CommandFailure, CommandResult, CommandWitness } from '../lib/commands.ts';
import { wordsNow } from '../lib/language.ts';
import type { Feed } from '../lib/live/feed.ts';
import type { Row, RowStore } from '../lib/live/row-store.ts';
import { commandsWords } from '../words/commands.ts';

interface Sources {
  rows: Pick<RowStore, 'all' | 'row'>;
  feed: Pick<Feed, 'groups' | 'listen'>;
  start: (names: readonly string[]) => void;
}

/** Makes the messages about commands: why one was refused, and what a start, a stop or a deletion did. */
export function commandMessages({ rows, feed, start }: Sources): CommandWitness {
  /** Names of instances that this tab has commanded. */
  const commanded = new Set<string>();
  feed.listen((frame) => {
    const { type, data } = frame;
    const evicted = evictedFor(frame, commanded);
    if (evicted !== null)
      showToast({ kind: 'done', text: words().madeRoom(evicted.name, evicted.neededBy), about: [evicted.name] });
    if (type === 'instance_status_changed' && data.status === 'starting') startedToast(data.name);
    if (type === 'instance_updated') closeErrors([data.name]);
  });
  const words = (): (typeof commandsWords)['en'] => wordsNow(commandsWords);
  const failed = (failure: CommandFailure): void => {
    const { names } = failure;
    if ('sentence' in failure) {
      const { sentence: text, words: serverWords, requestId } = failure;
      return showToast({ kind: 'error', text, words: serverWords, requestId, about: names });
    }
    // Few visits need it, so it does not come with the page.
    import('./bulk-message.ts').then(({ bulkMessage }) => {
      const text = bulkMessage(failure, { rows: rows.all(), groups: feed.groups.get(), words: words() });
      showToast({ kind: 'error', text, about: names });
    }, showError);
  };
  const done = ({ command, names }: CommandResult): void => {
    const [only] = names;
    if (only === undefined) return;
    if (command === 'delete') {
      const text = names.length === 1 ? words().deleted(only) : words().deletedMany(names.length);
      return showToast({ kind: 'done', text });
    }
    const stopped = names.length === 1 ? words().stopped(only) : words().stoppedMany(names.length);
    const again = onDemandText(
      names.flatMap((name) => rows.row(name) ?? []),
      words(),
    );
    return showToast({
      kind: 'done',
      text: again === null ? stopped : `${stopped} ${again}`,
      about: names.length === 1 ? names : undefined,
      action: { label: words().startAgain, run: () => start(names) },
    });
  };
  const begun = (names: readonly string[]): void => {
    closeErrors(names);
    for (const name of names) commanded.add(name);
  };
  return { begun, failed, done };
}

/** The instance that was stopped to make room for one of these; `null`: the frame reports something else. */
export function evictedFor(frame: Frame, starting: ReadonlySet<string>): { name: string; neededBy: string } | null {
  if (frame.type !== 'instance_status_changed') return null;
  const { name, status, trigger } = frame.data;
  const neededBy = trigger?.kind === 'eviction' ? trigger.needed_by : undefined;
  return status === 'stopped' && neededBy !== undefined && starting.has(neededBy) ? { name, neededBy } : null;
}

/** Whether the next request starts stopped instances again, as a sentence; `null`: it does not. */
export function onDemandText(rows: readonly Row[], words: (typeof commandsWords)['en']): string | null {
  const count = rows.filter(({ on_demand: starts }) => starts).length;
  if (count === 0) return null;
  return rows.length === 1 ? words.startsOnDemand : words.startsOnDemandMany(count, rows.length);
}
