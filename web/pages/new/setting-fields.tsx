import type { JsonValue } from '@llamactl/client';
import { useMemo, type ReactNode } from 'react';
import { CodeEditor } from '../../components/code-editor.tsx';
import { Checkbox } from '../../components/checkbox.tsx';
import { TextArea, TextField } from '../../components/field.tsx';
import { Select } from '../../components/select.tsx';
import { useWords } from '../../lib/language.ts';
import { isRecord } from '../../lib/record.ts';
import { newWords } from '../../words/new.ts';
import { problemsWithin } from '../../lib/problems.ts';
import { FieldPlace } from './field-place.tsx';
import { useForm, useSetting } from './form.ts';
import { optionText, optionValue } from './option-list.ts';
import { isJson, valueAt } from './settings-document.ts';
import { useTypedText, type Writing } from './typed-text.ts';

/** Fields that are bound to one setting by its dotted path. */

interface FieldProps {
  path: string;
  label: string;
  hint?: ReactNode;
  placeholder?: string;
  className?: string;
}

const TEXT: Writing = { write: optionText, read: (text) => (text === '' ? undefined : text) };
const NUMBER: Writing = { write: optionText, read: (text) => optionValue(text, 'number') };
const LINES: Writing = {
  write: optionText,
  read: (text) => {
    const lines = text.split('\n').filter((line) => line.trim() !== '');
    return lines.length === 0 ? undefined : lines;
  },
};
/** `NAME=value` on each line. */
const VARIABLES: Writing = {
  write: (value) =>
    isRecord(value)
      ? Object.entries(value)
          .map(([name, text]) => `${name}=${optionText(text)}`)
          .join('\n')
      : optionText(value),
  read: (text) => {
    const lines = text.split('\n').filter((line) => line.trim() !== '');
    const pairs = lines.map((line): [string, JsonValue] => {
      const at = line.indexOf('=');
      return at === -1 ? [line.trim(), ''] : [line.slice(0, at).trim(), line.slice(at + 1)];
    });
    return pairs.length === 0 ? undefined : Object.fromEntries(pairs);
  },
};
/** JSON; the server judges what is none. */
const JSON_TEXT: Writing = {
  write: (value) => (value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value, null, 2)),
  read: (text) => {
    if (text.trim() === '') return undefined;
    try {
      const value: unknown = JSON.parse(text);
      if (!isJson(value)) return text;
      return isRecord(value) && Object.keys(value).length === 0 ? undefined : value;
    } catch (error) {
      if (error instanceof SyntaxError) return text;
      throw error;
    }
  },
};

/** One line: a text, or a number. */
export function LineSetting({
  path,
  kind = 'text',
  list,
  className,
  ...rest
}: FieldProps & { kind?: 'text' | 'number'; list?: string; isMono?: boolean; autoFocus?: boolean }) {
  const { value, problem, warning, set } = useSetting(path);
  const [text, change] = useTypedText(value, kind === 'number' ? NUMBER : TEXT, set);
  return (
    <FieldPlace paths={[path]} className={className ?? ''}>
      <TextField
        {...rest}
        list={list}
        error={problem}
        warning={warning}
        value={text}
        inputMode={kind === 'number' ? 'decimal' : undefined}
        spellCheck={false}
        autoComplete="off"
        onChange={({ target }) => change(target.value)}
      />
    </FieldPlace>
  );
}

/** JSON. */
export function JsonSetting({ path, className, ...rest }: FieldProps) {
  const { problems } = useForm();
  const { value, set } = useSetting(path);
  const [text, change] = useTypedText(value, JSON_TEXT, set);
  const own = useMemo(() => problemsWithin(problems, path), [problems, path]);
  return (
    <FieldPlace paths={[path]} className={className ?? ''}>
      <CodeEditor {...rest} language="json" mostRows={16} problems={own} value={text} onChange={change} />
    </FieldPlace>
  );
}

/** Many lines. */
export function LinesSetting({
  path,
  kind,
  className,
  ...rest
}: FieldProps & { kind: 'text' | 'lines' | 'variables'; rows?: number }) {
  const { value, problem, warning, set } = useSetting(path);
  const writing = { text: TEXT, lines: LINES, variables: VARIABLES }[kind];
  const [text, change] = useTypedText(value, writing, set);
  return (
    <FieldPlace paths={[path]} className={className ?? ''}>
      <TextArea
        {...rest}
        error={problem}
        warning={warning}
        isMono={kind !== 'text'}
        value={text}
        spellCheck={kind === 'text'}
        onChange={({ target }) => change(target.value)}
      />
    </FieldPlace>
  );
}

/** On or off. @param standard The default, which a new instance does not store. */
export function SwitchSetting({ path, label, hint, standard }: FieldProps & { standard: boolean }) {
  const { base } = useForm();
  const { value, set } = useSetting(path);
  const isStored = valueAt(base, path) !== undefined;
  return (
    <FieldPlace paths={[path]}>
      <Checkbox
        label={label}
        hint={hint}
        checked={typeof value === 'boolean' ? value : standard}
        onCheck={(checked) => set(checked === standard && !isStored ? undefined : checked)}
      />
    </FieldPlace>
  );
}

/** Default, on or off, where the configuration has the default. */
export function ChoiceSetting({
  path,
  choices,
  ...rest
}: FieldProps & { choices: readonly { value: string; label: string; means: JsonValue }[] }) {
  const words = useWords(newWords);
  const { value, problem, set } = useSetting(path);
  const current = choices.find(({ means }) => means === value)?.value ?? '';
  return (
    <FieldPlace paths={[path]}>
      <Select
        {...rest}
        error={problem}
        value={current}
        choices={[{ value: '', label: words.standard }, ...choices]}
        onChoose={(chosen) => set(choices.find((choice) => choice.value === chosen)?.means)}
      />
    </FieldPlace>
  );
}
