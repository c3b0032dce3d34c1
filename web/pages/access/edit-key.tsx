import { useMutation } from '@tanstack/react-query';
import { day } from '../../lib/figures.ts';
import type { Key } from '@llamactl/client';
import { useState } from 'react';
import { TextField } from '../../components/field.tsx';
import { FormDialog } from '../../components/form-dialog.tsx';
import { Select } from '../../components/select.tsx';
import { useApp } from '../../lib/app.ts';
import { useWords } from '../../lib/language.ts';
import { accessWords } from '../../words/access.ts';
import { useSettled } from './access-command.ts';
import { limitsText } from './limits-text.ts';
import { editFlaw, keyChange, NEW_ENDS, type KeyEdit } from './key-edit.ts';

/** Changes the name or the end of a key. */
export function EditKey({ of: key, onClose }: { of: Key; onClose: () => void }) {
  const words = useWords(accessWords);
  const { client } = useApp();
  const [edit, setEdit] = useState<KeyEdit>({ name: key.name, end: 'keep', day: '' });
  const [isTried, setTried] = useState(false);
  const settled = useSettled(['keys'], onClose);
  const save = useMutation({
    mutationFn: async () => {
      const change = keyChange(edit, key, Date.now());
      if (change !== null) await client.updateKey(key.id, change);
    },
    ...settled(words.keySaved(edit.name.trim())),
    // The dialog shows it.
    onError: () => undefined,
  });
  const flaw = isTried ? editFlaw(edit, Date.now()) : null;
  const submit = (): void => {
    setTried(true);
    if (editFlaw(edit, Date.now()) === null) save.mutate();
  };
  return (
    <FormDialog
      title={words.editKey(key.name)}
      submit={words.save}
      isPending={save.isPending}
      error={save.error}
      onSubmit={submit}
      onClose={onClose}
    >
      <TextField
        label={words.keyName}
        hint={words.keyNameHint}
        error={flaw === 'name' ? words.needsName : null}
        maxLength={200}
        value={edit.name}
        onChange={({ target }) => setEdit({ ...edit, name: target.value })}
      />
      <div className="grid gap-5 wide:grid-cols-2">
        <Select
          label={words.ends}
          value={edit.end}
          choices={NEW_ENDS.map((value) => ({ value, label: endLabel(value, key, words) }))}
          onChoose={(end) => setEdit({ ...edit, end })}
        />
        {edit.end === 'day' && (
          <TextField
            label={words.day}
            type="date"
            error={flaw === 'day' ? words.needsDay : null}
            value={edit.day}
            onChange={({ target }) => setEdit({ ...edit, day: target.value })}
          />
        )}
      </div>
      <div>
        <p>
          {words.limits}: {limitsText(key, words) ?? words.unlimited}
        </p>
        <p className="mt-1 text-mute">{words.rightsStay}</p>
      </div>
    </FormDialog>
  );
}

function endLabel(value: KeyEdit['end'], { expires_at: at }: Key, words: (typeof accessWords)['en']): string {
  if (value === 'day') return words.onDay;
  if (value !== 'keep') return words.endChoices[value];
  return words.keepEnd(at === null ? words.never : day(at));
}
