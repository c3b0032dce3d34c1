import { useState } from 'react';
import { parse, stringify, YAMLParseError } from 'yaml';
import { TextArea } from '../../components/field.tsx';
import { Panel } from '../../components/panel.tsx';
import { CopyButton } from '../../components/copy-button.tsx';
import { useWords } from '../../lib/language.ts';
import { isRecord } from '../../lib/record.ts';
import { newWords } from '../../words/new.ts';
import { useForm } from './form.ts';
import { isJson, isSame, ordered, type SettingsDocument } from './settings-document.ts';

/** All settings as one document. JSON is accepted too, because it is YAML. */
export default function DocumentTab() {
  const words = useWords(newWords);
  const { document, dispatch } = useForm();
  const [typed, setTyped] = useState<string | null>(null);
  const read = typed === null ? null : readDocument(typed);
  // A change from elsewhere, such as a suggestion, replaces the text; a text that is no document yet stays.
  const isOwn = read !== null && ('flaw' in read || isSame(read.document, document));
  const text = typed !== null && isOwn ? typed : written(document);
  const flaw = isOwn && 'flaw' in read ? (read.flaw ?? words.noDocument) : null;
  return (
    <Panel title={words.documentTitle} actions={<CopyButton text={text} />}>
      <TextArea
        label={words.documentTitle}
        isLabelHidden
        isMono
        rows={24}
        spellCheck={false}
        hint={words.documentHint}
        error={flaw}
        value={text}
        onChange={({ target: { value } }) => {
          setTyped(value);
          const next = readDocument(value);
          if ('document' in next) dispatch({ kind: 'replace', document: next.document });
        }}
      />
    </Panel>
  );
}

function written(document: SettingsDocument): string {
  return Object.keys(document).length === 0 ? '' : stringify(ordered(document), { lineWidth: 0 });
}

/** Reads a document. `flaw`: why it is none; `null`: it has no settings at its top. */
function readDocument(text: string): { document: SettingsDocument } | { flaw: string | null } {
  try {
    const value: unknown = parse(text);
    if (value === null || value === undefined) return { document: {} };
    return isJson(value) && isRecord(value) ? { document: value } : { flaw: null };
  } catch (error) {
    if (error instanceof YAMLParseError) return { flaw: error.message };
    throw error;
  }
}
