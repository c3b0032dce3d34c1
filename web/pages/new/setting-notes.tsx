import type { Problem } from '@llamactl/client';
import type { ReactNode } from 'react';
import { Button } from '../../components/button.tsx';
import { problemSentence } from '../../components/server-sentence.tsx';
import { useWords } from '../../lib/language.ts';
import { newWords } from '../../words/new.ts';
import { useForm } from './form.ts';
import { meantName } from './meant-name.ts';
import { settingLabel } from './setting-label.ts';

interface SettingNotesProps {
  /** `path`: of the setting, dotted; empty: it is about the whole. */
  notes: readonly Problem[];
  /** Stands before each. */
  mark: ReactNode;
}

/** Problems or warnings. The name of a setting leads to its field, and a button takes a name that was probably meant. */
export function SettingNotes({ notes, mark }: SettingNotesProps) {
  const words = useWords(newWords);
  const { showField } = useForm();
  return (
    <ul className="flex flex-col gap-2">
      {notes.map((note) => (
        <li key={`${note.path} ${note.message}`} className="flex items-start gap-1.5">
          <span className="flex h-5 shrink-0 items-center">{mark}</span>
          <span className="min-w-0 break-words">
            {note.path !== '' && (
              <button
                type="button"
                className="min-h-6 rounded-control text-left font-strong text-accent hover:underline"
                onClick={() => showField(note.path)}
              >
                {settingLabel(note.path, words)}
              </button>
            )}{' '}
            {problemSentence(note)}
            <TakeButton note={note} />
          </span>
        </li>
      ))}
    </ul>
  );
}

/** Takes the name that the server thinks was meant; nothing: it suggests none. */
function TakeButton({ note }: { note: SettingNotesProps['notes'][number] }) {
  const words = useWords(newWords);
  const { document, dispatch } = useForm();
  const meant = meantName(note, document);
  if (meant === null) return null;
  return (
    <Button size="small" className="mt-1 flex" onClick={() => dispatch({ kind: 'merge', values: meant.values })}>
      {words.take(meant.name)}
    </Button>
  );
}
