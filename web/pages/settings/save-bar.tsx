import { useState } from 'react';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { ErrorSentence } from '../../components/server-sentence.tsx';
import { Table, Td, Th, Tr } from '../../components/table.tsx';
import { useWords } from '../../lib/language.ts';
import { useIsOnline } from '../../lib/live/live-hooks.ts';
import { settingsWords } from '../../words/settings.ts';
import { changesText, shownChange } from './changes-text.ts';
import type { Drafts, Setting } from './setting-fields.ts';

interface SaveBarProps {
  settings: readonly Setting[];
  drafts: Drafts;
  /** Why the last try to save failed. */
  error: unknown;
  isPending: boolean;
  onDiscard: () => void;
  /** `null`: a value is wrong. @param reloads Whether llamactl reloads then. */
  onSave: ((reloads: boolean) => void) | null;
}

/** The changes that are not saved, with their buttons. */
export function SaveBar({ settings, drafts, error, isPending, onDiscard, onSave }: SaveBarProps) {
  const words = useWords(settingsWords);
  const isOnline = useIsOnline();
  const [isShown, setShown] = useState(false);
  const cannot = onSave === null || !isOnline;
  return (
    <footer className="flex shrink-0 flex-wrap items-center gap-2 border-t border-line bg-panel px-4 py-2 wide:px-6">
      <div className="flex min-w-0 grow basis-60 flex-col">
        <span className="font-strong">{words.changes(drafts.size)}</span>
        {error === null ? (
          <span className="truncate text-mute">{changesText(settings, drafts, words)}</span>
        ) : (
          <span role="alert" className="break-words text-bad">
            <ErrorSentence error={error} />
          </span>
        )}
      </div>
      <Button kind="quiet" onClick={onDiscard}>
        {words.discard}
      </Button>
      <Button onClick={() => setShown(true)}>{words.diff}</Button>
      <Button disabled={cannot} isPending={isPending} onClick={() => onSave?.(false)}>
        {words.save}
      </Button>
      <Button kind="primary" disabled={cannot} isPending={isPending} onClick={() => onSave?.(true)}>
        {words.saveAndReload}
      </Button>
      {isShown && <Changes settings={settings} drafts={drafts} onClose={() => setShown(false)} />}
    </footer>
  );
}

function Changes({ settings, drafts, onClose }: Pick<SaveBarProps, 'settings' | 'drafts'> & { onClose: () => void }) {
  const words = useWords(settingsWords);
  const changed = settings.filter(({ key }) => drafts.has(key));
  return (
    <Dialog title={words.changes(drafts.size)} width={720} onClose={onClose}>
      <Table
        label={words.changes(drafts.size)}
        head={
          <>
            <Th />
            <Th>{words.before}</Th>
            <Th>{words.after}</Th>
          </>
        }
      >
        {changed.map((setting) => {
          const { before, after } = shownChange(setting, drafts, words);
          return (
            <Tr key={setting.key}>
              <Td>
                <code>{setting.key}</code>
              </Td>
              <Td className="align-top text-mute">
                <pre className="whitespace-pre-wrap">{before}</pre>
              </Td>
              <Td className="align-top">
                <pre className="whitespace-pre-wrap">{after ?? words.toDefault}</pre>
              </Td>
            </Tr>
          );
        })}
      </Table>
    </Dialog>
  );
}
