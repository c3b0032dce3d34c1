import type { Options } from '@llamactl/client';
import { useState, type ReactNode } from 'react';
import { Button } from '../../components/button.tsx';
import { CodeBlock } from '../../components/code-block.tsx';
import { Drawer } from '../../components/dialog.tsx';
import { Icon } from '../../components/icons.tsx';
import { ErrorSentence } from '../../components/server-sentence.tsx';
import { StatusShape } from '../../components/status.tsx';
import { useWords } from '../../lib/language.ts';
import { newWords } from '../../words/new.ts';
import { FitMark, FitPart } from './fit-part.tsx';
import { useForm } from './form.ts';
import { SettingNotes } from './setting-notes.tsx';
import { SaveButtons, type SaveButtonsProps } from './save-buttons.tsx';
import { valueText, type Change } from './settings-document.ts';
import { commandText } from './command-text.ts';
import type { UnreadKind } from './unread.ts';

export interface MeaningProps extends SaveButtonsProps {
  changes: readonly Change[];
  /** Text that a save would lose; `null`: none. */
  unread: UnreadKind | null;
  onDropUnread: () => void;
  /** Takes options of a suggestion into the form. */
  onUse: (options: Options) => void;
}

/** The meaning of the settings, beside the form. */
export function MeaningColumn(props: MeaningProps) {
  const words = useWords(newWords);
  return (
    <aside aria-label={words.meaning} className="flex w-[360px] shrink-0 flex-col border-l border-line bg-panel">
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it scrolls by keyboard */}
      <div role="region" aria-label={words.meaning} tabIndex={0} className="min-h-0 grow overflow-y-auto p-4">
        <Meaning {...props} />
      </div>
      <footer className="border-t border-line p-4">
        <SaveButtons {...props} />
      </footer>
    </aside>
  );
}

/** The same on a narrow screen: a bar, and a drawer with the rest. */
export function MeaningBar(props: MeaningProps) {
  const words = useWords(newWords);
  const { preview, problems, unread } = props;
  const [isOpen, setOpen] = useState(false);
  const count = problems.length + (unread === null ? 0 : 1);
  return (
    <footer className="flex shrink-0 flex-col gap-2 border-t border-line bg-panel px-4 py-2 wide:flex-row wide:items-center wide:px-6">
      <div className="flex min-w-0 grow items-center justify-between gap-2">
        <span className="min-w-0 truncate">
          {count > 0 ? (
            <span className="inline-flex items-center gap-1.5 text-bad">
              <StatusShape of="bad" />
              {words.problemCount(count)}
            </span>
          ) : (
            <FitMark estimate={preview.last?.estimate ?? null} />
          )}
        </span>
        <Button kind="quiet" icon="info" onClick={() => setOpen(true)}>
          {words.meaning}
        </Button>
      </div>
      <SaveButtons {...props} />
      {isOpen && (
        <Drawer title={words.meaning} onClose={() => setOpen(false)}>
          <Meaning {...props} />
        </Drawer>
      )}
    </footer>
  );
}

function Meaning({ preview, problems, changes, name, unread, onDropUnread, onUse }: MeaningProps) {
  const words = useWords(newWords);
  const { last, error } = preview;
  const { warnings } = useForm();
  const unreadPart = unread !== null && (
    <Part title={words.problemCount(1)}>
      <p className="flex items-start gap-1.5">
        <Icon name="warning" size={14} className="mt-0.5 text-bad" />
        <span className="min-w-0 break-words">{words.unread[unread]}</span>
      </p>
      <Button size="small" className="self-start" onClick={onDropUnread}>
        {words.dropUnread}
      </Button>
    </Part>
  );
  // The rest is about the last document that could be read, which is not what stands in the editor.
  if (unread === 'yaml') return unreadPart;
  if (last === null && problems.length === 0 && unread === null) {
    return <p className="text-mute">{error === null ? words.nothingYet : <ErrorSentence error={error} />}</p>;
  }
  return (
    <div className="flex flex-col gap-5">
      {unreadPart}
      {problems.length > 0 && (
        <Part title={words.problemCount(problems.length)}>
          <SettingNotes notes={problems} mark={<Icon name="warning" size={14} className="text-bad" />} />
        </Part>
      )}
      {last !== null && problems.length === 0 && <FitPart estimate={last.estimate} onUse={onUse} />}
      {warnings.length > 0 && (
        <Part title={words.warnings(warnings.length)}>
          <SettingNotes notes={warnings} mark={<StatusShape of="warn" />} />
        </Part>
      )}
      {last !== null && last.effective_command.length > 0 && (
        <Part title={words.command}>
          <div className="max-h-64 overflow-y-auto rounded-control">
            <CodeBlock label={words.command} code={commandText(last.effective_command)} />
          </div>
        </Part>
      )}
      {name !== null && (
        <Part title={words.changes(changes.length)}>
          <ul className="flex flex-col gap-1">
            {changes.map(({ path, before, after }) => (
              <li key={path} className="min-w-0 break-words">
                <code className="font-strong">{path}</code>{' '}
                <span className="text-mute">{short(valueText(before)) ?? words.standardWord}</span> →{' '}
                <span>{short(valueText(after)) ?? words.standardWord}</span>
              </li>
            ))}
          </ul>
        </Part>
      )}
    </div>
  );
}

const LONGEST = 60;

function short(text: string | null): string | null {
  return text === null || text.length <= LONGEST ? text : `${text.slice(0, LONGEST)}…`;
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="flex flex-col gap-1.5">
      <h2 className="font-strong">{title}</h2>
      {children}
    </section>
  );
}
