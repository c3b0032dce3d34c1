import { useDeferredValue, useState } from 'react';
import { Button } from '../../components/button.tsx';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { TextField } from '../../components/field.tsx';
import { FormDialog } from '../../components/form-dialog.tsx';
import { MenuButton } from '../../components/menu.tsx';
import { SkeletonRows } from '../../components/skeleton.tsx';
import { StatusShape } from '../../components/status.tsx';
import { classNames } from '../../lib/class-names.ts';
import { useWords } from '../../lib/language.ts';
import { saveFile } from '../../lib/save-file.ts';
import { useStored } from '../../lib/value-store.ts';
import { playgroundWords } from '../../words/playground.ts';
import { fileNameOf, jsonOf, markdownOf } from './export-text.ts';
import type { ChatDesk } from './chat-desk.ts';
import { foundEntries, type HistoryEntry, type HistoryStore } from './history-store.ts';

export interface HistoryListProps {
  desk: ChatDesk;
  /** Id of the open chat. */
  open: string;
  onOpen: (entry: HistoryEntry) => void;
  onNew: () => void;
  onDeleted: (id: string) => void;
}

type Question = { kind: 'rename' | 'delete'; entry: HistoryEntry };

/** The chats of this browser, newest first. */
export function HistoryList({ desk, open, onOpen, onNew, onDeleted }: HistoryListProps) {
  const words = useWords(playgroundWords);
  const { history } = desk;
  const answering = useStored(desk.answering);
  const entries = useStored(history.entries);
  const failure = useStored(history.failure);
  const [search, setSearch] = useState('');
  const deferred = useDeferredValue(search);
  const [question, setQuestion] = useState<Question | null>(null);
  const found = foundEntries(entries ?? [], deferred);
  const close = (): void => setQuestion(null);
  return (
    <div className="flex min-h-0 grow flex-col gap-2">
      <Button icon="plus" onClick={onNew}>
        {words.newChat}
      </Button>
      <TextField
        label={words.searchHistory}
        isLabelHidden
        type="search"
        placeholder={words.searchHistory}
        value={search}
        onChange={({ target }) => setSearch(target.value)}
      />
      {failure !== null && <p className="text-bad">{words.historyFailed(failure)}</p>}
      {desk.earlier !== null && <EarlierChats earlier={desk.earlier} history={history} />}
      {entries === null && <SkeletonRows count={4} />}
      {entries !== null && found.length === 0 && (
        <p className="px-2 py-1 text-mute">{entries.length === 0 ? words.noHistory : words.noHistoryFound}</p>
      )}
      <ul aria-label={words.history} className="-mx-1 flex min-h-0 grow flex-col gap-px overflow-y-auto px-1 pb-2">
        {found.map((entry) => (
          <li
            key={entry.id}
            className={classNames(
              'flex items-center rounded-control pr-0.5',
              entry.id === open ? 'bg-selected' : 'hover:bg-hover',
            )}
          >
            <button
              type="button"
              aria-current={entry.id === open}
              onClick={() => onOpen(entry)}
              className="flex min-w-0 grow flex-col rounded-control py-1 pl-2 text-left"
            >
              <span className="flex w-full min-w-0 items-center gap-1.5">
                {answering.has(entry.id) && <StatusShape of="busy" label={words.answersNow} />}
                <span className="min-w-0 truncate">{entry.title}</span>
              </span>
              <span className="w-full truncate text-label text-mute">{entry.instance}</span>
            </button>
            <EntryMenu entry={entry} history={history} onAsk={setQuestion} />
          </li>
        ))}
      </ul>
      {question?.kind === 'rename' && (
        <RenameDialog
          entry={question.entry}
          onClose={close}
          onRename={(title) => {
            void desk.rename(question.entry.id, title);
            close();
          }}
        />
      )}
      {question?.kind === 'delete' && (
        <ConfirmDialog
          title={words.deleteTitle}
          confirm={words.delete}
          isDanger
          onClose={close}
          onConfirm={() => {
            void desk.delete(question.entry.id);
            onDeleted(question.entry.id);
            close();
          }}
        >
          {words.deleteHint(question.entry.title)}
        </ConfirmDialog>
      )}
    </div>
  );
}

/** Offers the chats that this browser kept before accounts were turned on. */
function EarlierChats({ earlier, history }: { earlier: HistoryStore; history: HistoryStore }) {
  const words = useWords(playgroundWords);
  const count = useStored(earlier.entries)?.length ?? 0;
  if (count === 0) return null;
  return (
    <div className="flex flex-col items-start gap-1.5 rounded-control border border-line bg-canvas px-2 py-1.5">
      <p>{words.earlierChats(count)}</p>
      <Button size="small" onClick={() => void history.takeOver(earlier)}>
        {words.takeOver}
      </Button>
    </div>
  );
}

interface EntryMenuProps {
  entry: HistoryEntry;
  history: HistoryStore;
  onAsk: (question: Question) => void;
}

function EntryMenu({ entry, history, onAsk }: EntryMenuProps) {
  const words = useWords(playgroundWords);
  const save = async (kind: 'markdown' | 'json'): Promise<void> => {
    const conversation = await history.read(entry.id);
    if (conversation === null) return;
    const name = fileNameOf(conversation);
    if (kind === 'json') saveFile(`${name}.json`, jsonOf(conversation), 'application/json');
    else saveFile(`${name}.md`, markdownOf(conversation), 'text/markdown');
  };
  return (
    <MenuButton
      label={words.moreFor(entry.title)}
      items={() => [
        { label: words.rename, icon: 'edit', onSelect: () => onAsk({ kind: 'rename', entry }) },
        { label: words.exportMarkdown, icon: 'download', onSelect: () => void save('markdown') },
        { label: words.exportJson, icon: 'download', onSelect: () => void save('json') },
        { kind: 'line' },
        { label: words.delete, icon: 'trash', isDanger: true, onSelect: () => onAsk({ kind: 'delete', entry }) },
      ]}
    />
  );
}

interface RenameDialogProps {
  entry: HistoryEntry;
  onRename: (title: string) => void;
  onClose: () => void;
}

function RenameDialog({ entry, onRename, onClose }: RenameDialogProps) {
  const words = useWords(playgroundWords);
  const [title, setTitle] = useState(entry.title);
  const isEmpty = title.trim() === '';
  return (
    <FormDialog
      title={words.renameTitle}
      submit={words.save}
      canSubmit={!isEmpty}
      onSubmit={() => onRename(title.trim())}
      onClose={onClose}
    >
      <TextField label={words.name} value={title} onChange={({ target }) => setTitle(target.value)} />
    </FormDialog>
  );
}
