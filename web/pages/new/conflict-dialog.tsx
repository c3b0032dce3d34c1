import type { JsonValue } from '@llamactl/client';
import { useState } from 'react';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { Segmented } from '../../components/segmented.tsx';
import { useWords } from '../../lib/language.ts';
import { newWords } from '../../words/new.ts';
import { conflictsOf, firstChoice, resolved, type Conflict } from './conflicts.ts';
import type { Draft } from './draft.ts';
import { valueText, type SettingsDocument } from './settings-document.ts';
import type { Stored } from './stored-settings.ts';

interface ConflictDialogProps {
  draft: Draft;
  /** The settings that another window has stored meanwhile. */
  stored: Stored;
  onClose: () => void;
  /** The settings that were chosen go into the form, on top of those that are stored. */
  onResolve: (document: SettingsDocument) => void;
}

/** The three versions of each setting side by side: as opened, stored now, and in the form. */
export function ConflictDialog({ draft, stored, onClose, onResolve }: ConflictDialogProps) {
  const words = useWords(newWords);
  const [chosen, setChosen] = useState<ReadonlyMap<string, 'mine' | 'theirs'>>(new Map());
  const conflicts = conflictsOf(draft.base, draft.document, stored.document);
  return (
    <Dialog
      title={words.conflictTitle}
      width={860}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>{words.back}</Button>
          <Button kind="primary" onClick={() => onResolve(resolved(stored.document, conflicts, chosen))}>
            {words.takeThese}
          </Button>
        </>
      }
    >
      <p className="mb-3 text-mute">{words.conflictText}</p>
      <ul className="flex flex-col divide-y divide-line">
        {conflicts.map((conflict) => (
          <ConflictRow
            key={conflict.path}
            conflict={conflict}
            choice={chosen.get(conflict.path) ?? firstChoice(conflict)}
            onChoose={(choice) => setChosen(new Map(chosen).set(conflict.path, choice))}
          />
        ))}
      </ul>
    </Dialog>
  );
}

interface ConflictRowProps {
  conflict: Conflict;
  choice: 'mine' | 'theirs';
  onChoose: (choice: 'mine' | 'theirs') => void;
}

function ConflictRow({ conflict, choice, onChoose }: ConflictRowProps) {
  const words = useWords(newWords);
  const { path, before, mine, theirs, changedBy } = conflict;
  return (
    <li className="flex flex-col gap-2 py-3">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <span className="flex min-w-0 items-center gap-2">
          <code className="font-strong break-all">{path}</code>
          <span className={changedBy === 'both' ? 'text-warn' : 'text-mute'}>{words.changedBy[changedBy]}</span>
        </span>
        <Segmented
          label={words.choiceOf(path)}
          value={choice}
          choices={[
            { value: 'theirs', label: words.theirs },
            { value: 'mine', label: words.mine },
          ]}
          onChoose={onChoose}
        />
      </div>
      <dl className="grid gap-2 wide:grid-cols-3">
        <Version label={words.asOpened} value={before} />
        <Version label={words.storedNow} value={theirs} isChosen={choice === 'theirs'} />
        <Version label={words.inForm} value={mine} isChosen={choice === 'mine'} />
      </dl>
    </li>
  );
}

interface VersionProps {
  label: string;
  value: JsonValue | undefined;
  isChosen?: boolean;
}

function Version({ label, value, isChosen = false }: VersionProps) {
  const words = useWords(newWords);
  return (
    <div
      className={`min-w-0 rounded-control border px-2 py-1 ${isChosen ? 'border-accent bg-accent-soft' : 'border-line'}`}
    >
      <dt className="text-label text-mute">{label}</dt>
      <dd className="max-h-40 overflow-y-auto">
        <code className="break-words whitespace-pre-wrap">{valueText(value) ?? words.standardWord}</code>
      </dd>
    </div>
  );
}
