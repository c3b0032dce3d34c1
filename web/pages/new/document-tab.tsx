import { useQuery } from '@tanstack/react-query';
import { useCallback } from 'react';
import { parse, stringify, YAMLParseError } from 'yaml';
import { CodeEditor } from '../../components/code-editor.tsx';
import { CopyButton } from '../../components/copy-button.tsx';
import { Panel } from '../../components/panel.tsx';
import { useApp } from '../../lib/app.ts';
import { useWords } from '../../lib/language.ts';
import { engineOptionsQuery } from '../../lib/queries.ts';
import { isRecord } from '../../lib/record.ts';
import { instanceKeys } from '../../lib/setting-keys.ts';
import { newWords } from '../../words/new.ts';
import { useForm } from './form.ts';
import {
  defaultsIn,
  withoutDefaults,
  engineOf,
  isJson,
  isSame,
  ordered,
  type SettingsDocument,
} from './settings-document.ts';
import { useTexts } from './unread.ts';

/** All settings as one document. JSON is accepted too, because it is YAML. */
export default function DocumentTab() {
  const words = useWords(newWords);
  const { client } = useApp();
  const { document, base, problems, dispatch } = useForm();
  const { texts, setTexts } = useTexts();
  const typed = texts.yaml;
  const { data } = useQuery(engineOptionsQuery(client, engineOf(document)));
  const offer = useCallback((names: readonly string[]) => instanceKeys(names, data?.options ?? []), [data]);
  const read = typed === null ? null : readDocument(typed);
  // A change from elsewhere, such as a suggestion, replaces the text; a text that is no document yet stays.
  const isOwn = read !== null && (!('document' in read) || isSame({ ...defaultsIn(base), ...read.document }, document));
  const text = typed !== null && isOwn ? typed : written(withoutDefaults(document, base));
  return (
    <Panel title={words.documentTitle} actions={<CopyButton text={text} />}>
      <CodeEditor
        label={words.documentTitle}
        isLabelHidden
        language="yaml"
        rows={24}
        hint={words.documentHint}
        error={isOwn && read === NO_SETTINGS ? words.noDocument : null}
        // They are about the last document.
        problems={isOwn && !('document' in read) ? NO_PROBLEMS : problems}
        offer={offer}
        value={text}
        onChange={(value) => {
          const next = readDocument(value);
          setTexts((before) => ({ ...before, yaml: value, isFlawed: !('document' in next) }));
          if ('document' in next) {
            dispatch({ kind: 'replace', document: { ...defaultsIn(base), ...next.document } });
          }
        }}
      />
    </Panel>
  );
}

function written(document: SettingsDocument): string {
  return Object.keys(document).length === 0 ? '' : stringify(ordered(document), { lineWidth: 0 });
}

/** A text that is no YAML. The editor marks why. */
const NO_YAML = { flaw: 'no YAML' };
/** A YAML text that has no settings at its top. */
const NO_SETTINGS = { flaw: 'no settings' };
const NO_PROBLEMS: readonly never[] = [];

/** Reads a document. */
function readDocument(text: string): { document: SettingsDocument } | { flaw: string } {
  try {
    const value: unknown = parse(text);
    if (value === null || value === undefined) return { document: {} };
    return isJson(value) && isRecord(value) ? { document: value } : NO_SETTINGS;
  } catch (error) {
    if (error instanceof YAMLParseError) return NO_YAML;
    throw error;
  }
}
