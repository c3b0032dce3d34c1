import { useId, useState } from 'react';
import { Checkbox } from '../../components/checkbox.tsx';
import { TextField } from '../../components/field.tsx';
import { FormDialog } from '../../components/form-dialog.tsx';
import { Prose } from '../../components/prose.tsx';
import { useWords } from '../../lib/language.ts';
import { settingsWords } from '../../words/settings.ts';
import { flawOfGroupName } from './group-settings.ts';
import { textOfValue, valueOfText, type Setting } from './setting-fields.ts';

interface AddGroupProps {
  /** The fields of a group that does not exist yet. */
  fields: readonly Setting[];
  /** Names of groups. */
  taken: readonly string[];
  /** Names that instances use already. */
  offered: readonly string[];
  /** @param fields Texts of the fields that differ from their defaults. */
  onAdd: (name: string, fields: ReadonlyMap<string, string>) => void;
  onClose: () => void;
}

/** The name and the fields of a new group. The form keeps it as a change that is not saved. */
export function AddGroup({ fields, taken, offered, onAdd, onClose }: AddGroupProps) {
  const words = useWords(settingsWords);
  const list = useId();
  const [typed, setTyped] = useState('');
  const [texts, setTexts] = useState<ReadonlyMap<string, string>>(new Map());
  const name = typed.trim();
  const nameFlaw = flawOfGroupName(name, taken);
  const flaws = new Map(fields.map((field) => [field.key, flawOf(field, texts)]));
  const canAdd = nameFlaw === null && [...flaws.values()].every((flaw) => flaw === null);
  const change = (field: Setting, text: string): void => {
    const next = new Map(texts);
    if (text === textOfValue(field.value, field.kind)) next.delete(nameOf(field));
    else next.set(nameOf(field), text);
    setTexts(next);
  };
  return (
    <FormDialog
      title={words.addGroup}
      submit={words.addIt}
      canSubmit={canAdd}
      onSubmit={() => onAdd(name, texts)}
      onClose={onClose}
    >
      <TextField
        label={words.groupName}
        hint={words.groupNameHint}
        error={nameFlaw === null || nameFlaw === 'empty' ? null : words.groupNameFlaws[nameFlaw]}
        isMono
        autoComplete="off"
        spellCheck={false}
        list={list}
        value={typed}
        onChange={({ target }) => setTyped(target.value)}
      />
      <datalist id={list}>
        {offered
          .filter((each) => !taken.includes(each))
          .map((each) => (
            <option key={each} value={each} />
          ))}
      </datalist>
      {fields.map((field) => {
        const text = texts.get(nameOf(field)) ?? textOfValue(field.value, field.kind);
        const flaw = flaws.get(field.key) ?? null;
        return field.kind === 'switch' ? (
          <Checkbox
            key={field.key}
            label={<code>{nameOf(field)}</code>}
            hint={field.description === null ? null : <Prose text={field.description} />}
            checked={text === 'true'}
            onCheck={(isOn) => change(field, String(isOn))}
          />
        ) : (
          <TextField
            key={field.key}
            label={<code>{nameOf(field)}</code>}
            hint={field.description === null ? null : <Prose text={field.description} />}
            error={flaw === null ? null : flaw === 'outside' ? words.outside(field.limits.least, null) : words[flaw]}
            inputMode="decimal"
            autoComplete="off"
            value={text}
            onChange={({ target }) => change(field, target.value)}
          />
        );
      })}
    </FormDialog>
  );
}

function nameOf({ path }: Setting): string {
  return path.at(-1) ?? '';
}

function flawOf(field: Setting, texts: ReadonlyMap<string, string>) {
  const text = texts.get(nameOf(field));
  if (text === undefined) return null;
  const read = valueOfText(text, field.kind, field.limits);
  return 'flaw' in read ? read.flaw : null;
}
