import { useMutation } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { TextField } from '../../components/field.tsx';
import { FormDialog } from '../../components/form-dialog.tsx';
import { ErrorSentence } from '../../components/server-sentence.tsx';
import { useApp } from '../../lib/app.ts';
import { useWords } from '../../lib/language.ts';
import { instanceWords } from '../../words/instance.ts';

interface RenameDialogProps {
  name: string;
  onClose: () => void;
  /** Called with the new name; default: opens the page of the instance. */
  onRenamed?: (name: string) => void | Promise<void>;
}

/** Asks for another name of an instance. */
export function RenameDialog({ name, onClose, onRenamed }: RenameDialogProps) {
  const words = useWords(instanceWords);
  const { client } = useApp();
  const navigate = useNavigate();
  const [text, setText] = useState(name);
  const rename = useMutation({
    mutationFn: () => client.renameInstance(name, { name: text }),
    onSuccess: async () => {
      onClose();
      if (onRenamed !== undefined) await onRenamed(text);
      else await navigate({ to: '/instances/$name', params: { name: text }, replace: true });
    },
  });
  const isBad = !/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(text);
  const flaw = rename.isError ? <ErrorSentence error={rename.error} /> : isBad && text !== '' ? words.renameBad : null;
  const mayRename = !isBad && text !== name;
  return (
    <FormDialog
      title={words.renameTitle(name)}
      submit={words.renameDo}
      canSubmit={mayRename}
      isPending={rename.isPending}
      onSubmit={() => rename.mutate()}
      onClose={onClose}
    >
      <TextField
        label={words.renameField}
        hint={words.renameHint}
        error={flaw}
        value={text}
        autoComplete="off"
        spellCheck={false}
        onChange={({ currentTarget }) => {
          rename.reset();
          setText(currentTarget.value);
        }}
      />
    </FormDialog>
  );
}
