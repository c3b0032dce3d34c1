import { useId } from 'react';
import { classNames } from '../lib/class-names.ts';
import type { Choice } from './select.tsx';

export interface SegmentedProps<Value extends string> {
  /** For screen readers. */
  label: string;
  value: Value;
  choices: readonly Choice<Value>[];
  onChoose: (value: Value) => void;
}

/** A few choices side by side, one of them chosen: `15 min | 1 h | 24 h`. */
export function Segmented<Value extends string>({ label, value, choices, onChoose }: SegmentedProps<Value>) {
  const name = useId();
  return (
    <div role="radiogroup" aria-label={label} className="inline-flex rounded-control border border-line bg-panel p-px">
      {choices.map((choice) => (
        <label
          key={choice.value}
          className={classNames(
            'flex h-6 items-center rounded-[3px] px-2 whitespace-nowrap has-disabled:opacity-50 has-focus-visible:outline-2 has-focus-visible:outline-accent pointer-coarse:h-10',
            choice.value === value
              ? 'bg-raised font-strong text-ink shadow-[0_0_0_1px_var(--line)]'
              : 'text-mute hover:text-ink',
          )}
        >
          <input
            type="radio"
            name={name}
            value={choice.value}
            checked={choice.value === value}
            disabled={choice.disabled}
            onChange={() => onChoose(choice.value)}
            className="sr-only"
          />
          {choice.label}
        </label>
      ))}
    </div>
  );
}
