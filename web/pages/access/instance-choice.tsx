import { useState } from 'react';
import { Checkbox } from '../../components/checkbox.tsx';
import { TextField } from '../../components/field.tsx';
import { useWords } from '../../lib/language.ts';
import { useAllRows } from '../../lib/live/live-hooks.ts';
import type { Row } from '../../lib/live/row-store.ts';
import { accessWords } from '../../words/access.ts';
import { chosenParts, groupsOf, sortedNames } from './instance-names.ts';

/** Instances from which a search field helps. */
const MANY = 8;

interface InstanceChoiceProps {
  /** The names of the chosen instances. */
  chosen: readonly string[];
  onChange: (chosen: readonly string[]) => void;
}

/** A choice of instances: whole groups, and single ones by name. */
export function InstanceChoice({ chosen, onChange }: InstanceChoiceProps) {
  const words = useWords(accessWords);
  const rows = useAllRows() ?? [];
  const [text, setText] = useState('');
  const wanted = text.trim().toLowerCase();
  const names = sortedNames(rows.map(({ name }) => name)).filter((name) => name.toLowerCase().includes(wanted));
  const groups = groupsOf(rows).filter(({ name }) => name.toLowerCase().includes(wanted));
  const set = (changed: readonly string[], isOn: boolean): void => {
    const others = chosen.filter((name) => !changed.includes(name));
    onChange(isOn ? [...others, ...changed] : others);
  };
  return (
    <div className="flex flex-col gap-2">
      {rows.length > MANY && (
        <TextField
          label={words.searchInstances}
          isLabelHidden
          type="search"
          placeholder={words.searchInstances}
          value={text}
          onChange={({ target }) => setText(target.value)}
          // Enter would submit the form around it.
          onKeyDown={(event) => event.key === 'Enter' && event.preventDefault()}
        />
      )}
      <div className="grid max-h-44 gap-1 overflow-y-auto rounded-control border border-line p-3 wide:grid-cols-2">
        {groups.map(({ name, members }) => (
          <Checkbox
            key={`group ${name}`}
            label={<span className="block truncate font-strong">{words.groupOf(name, members.length)}</span>}
            checked={members.every((member) => chosen.includes(member))}
            onCheck={(isOn) => set(members, isOn)}
          />
        ))}
        {names.map((name) => (
          <Checkbox
            key={name}
            label={<span className="block truncate">{name}</span>}
            checked={chosen.includes(name)}
            onCheck={(isOn) => set([name], isOn)}
          />
        ))}
        {names.length + groups.length === 0 && <p className="text-mute">{words.noInstanceMatches}</p>}
      </div>
      {chosen.length > 0 && <p className="break-words text-mute">{chosenText(chosen, rows, words)}</p>}
    </div>
  );
}

/** How many instances are chosen, and which: a search may hide them. */
function chosenText(chosen: readonly string[], rows: readonly Row[], words: (typeof accessWords)['en']): string {
  const { groups, names } = chosenParts(chosen, rows);
  const parts = [...groups.map(({ name, members }) => words.groupOf(name, members.length)), ...names];
  return `${words.chosen(chosen.length)}: ${parts.join(', ')}`;
}
