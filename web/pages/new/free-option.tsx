import type { JsonValue } from '@llamactl/client';
import { useState } from 'react';
import { Button } from '../../components/button.tsx';
import { TextField } from '../../components/field.tsx';
import { useWords } from '../../lib/language.ts';
import { newWords } from '../../words/new.ts';
import { optionValue } from './option-list.ts';

interface FreeOptionProps {
  /** Options that are set. */
  taken: Readonly<Record<string, JsonValue>>;
  onAdd: (key: string, value: JsonValue) => void;
}

/** Adds any option by its key and value. The server says whether the engine knows it. */
export function FreeOption({ taken, onAdd }: FreeOptionProps) {
  const words = useWords(newWords);
  const [text, setText] = useState('');
  const at = text.indexOf('=');
  const key = (at === -1 ? text : text.slice(0, at)).trim().replace(/^-+/, '').replaceAll('-', '_');
  const isTaken = Object.hasOwn(taken, key);
  const add = (): void => {
    if (key === '' || isTaken) return;
    // A flag without a value is a switch.
    onAdd(key, at === -1 ? true : (optionValue(text.slice(at + 1), 'any') ?? ''));
    setText('');
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        add();
      }}
      className="mt-2 flex items-start gap-2 border-t border-line pt-3"
    >
      <TextField
        label={words.freeOption}
        isLabelHidden
        isMono
        spellCheck={false}
        autoComplete="off"
        placeholder={words.freeOptionExample}
        error={isTaken ? words.optionTaken(key) : null}
        value={text}
        className="grow"
        onChange={({ target }) => setText(target.value)}
      />
      <Button type="submit" icon="plus" disabled={key === '' || isTaken}>
        {words.addOption}
      </Button>
    </form>
  );
}
