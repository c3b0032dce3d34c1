import type { SelectHTMLAttributes } from 'react';
import { classNames } from '../lib/class-names.ts';
import { CONTROL, Field, type FieldProps } from './field.tsx';
import { Icon } from './icons.tsx';

/** One choice of a select. */
export interface Choice<Value extends string> {
  value: Value;
  label: string;
  disabled?: boolean;
}

export interface SelectProps<Value extends string>
  extends
    Pick<FieldProps, 'label' | 'hint' | 'error' | 'isLabelHidden'>,
    Omit<SelectHTMLAttributes<HTMLSelectElement>, 'value' | 'onChange' | 'children'> {
  value: Value;
  choices: readonly Choice<Value>[];
  onChoose: (value: Value) => void;
}

/** The platform's select with our edge. */
export function Select<Value extends string>({
  label,
  hint,
  error,
  isLabelHidden = false,
  value,
  choices,
  onChoose,
  className,
  ...rest
}: SelectProps<Value>) {
  return (
    <Field {...{ label, hint, error, isLabelHidden }} className={className ?? ''}>
      {(control) => (
        <span className="relative flex items-center">
          <select
            {...rest}
            {...control}
            value={value}
            onChange={({ target }) => {
              const chosen = choices.find((choice) => choice.value === target.value);
              if (chosen !== undefined) onChoose(chosen.value);
            }}
            className={classNames(CONTROL, 'appearance-none truncate pr-7')}
          >
            {choices.map((choice) => (
              <option key={choice.value} value={choice.value} disabled={choice.disabled}>
                {choice.label}
              </option>
            ))}
          </select>
          <Icon name="chevron-down" className="pointer-events-none absolute right-2 text-mute" />
        </span>
      )}
    </Field>
  );
}
