import { Select } from '../../components/select.tsx';
import { StatusMark, StatusShape } from '../../components/status.tsx';
import { useWords } from '../../lib/language.ts';
import { useAllRows, useRow } from '../../lib/live/live-hooks.ts';
import { partsWords } from '../../words/parts.ts';
import { playgroundWords } from '../../words/playground.ts';
import { fits, type Part } from './abilities.ts';

interface InstancePickerProps {
  /** Only instances that can do this part; absent: all. */
  part?: Part;
  /** The chosen instance. */
  value: string;
  onChoose: (name: string) => void;
  /** Its name for screen readers; default "Instance". */
  label?: string;
  className?: string;
}

/** Chooses an instance, and shows its live status. */
export function InstancePicker({ part, value, onChoose, label, className = '' }: InstancePickerProps) {
  const words = useWords(playgroundWords);
  const parts = useWords(partsWords);
  const rows = useAllRows() ?? [];
  const row = useRow(value);
  const able = rows.filter((each) => part === undefined || fits(part, each) || each.name === value);
  const choices = able.map((each) => {
    // The rows of a list come late; the status beside the select does not.
    const { name, status } = each.name === value ? (row ?? each) : each;
    return { value: name, label: status === 'running' ? name : `${name} (${parts.statuses[status]})` };
  });
  if (row === undefined) choices.unshift({ value, label: value === '' ? '–' : value });
  return (
    <div className={`flex min-w-0 items-center gap-2 ${className}`}>
      <Select
        label={label ?? words.instance}
        isLabelHidden
        value={value}
        choices={choices}
        onChoose={onChoose}
        className="min-w-0 grow wide:w-56 wide:grow-0"
      />
      {row !== undefined && (
        <>
          <span className="hidden wide:inline-flex">
            <StatusMark status={row.status} />
          </span>
          <span className="flex wide:hidden">
            <StatusShape of={row.status} label={parts.statuses[row.status]} />
          </span>
        </>
      )}
    </div>
  );
}
