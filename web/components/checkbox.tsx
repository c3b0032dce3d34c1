import { useEffect, useRef, type InputHTMLAttributes, type ReactNode } from 'react';
import { classNames } from '../lib/class-names.ts';

export interface CheckboxProps extends Omit<InputHTMLAttributes<HTMLInputElement>, 'type' | 'onChange' | 'children'> {
  label: ReactNode;
  hint?: ReactNode;
  /** Hides the label from sight, not from screen readers: for rows. */
  isLabelHidden?: boolean;
  /** Some of the things below it are chosen. */
  isMixed?: boolean;
  onCheck: (checked: boolean) => void;
}

/** A checkbox with its label. */
export function Checkbox({
  label,
  hint,
  isLabelHidden = false,
  isMixed = false,
  onCheck,
  className,
  ...rest
}: CheckboxProps) {
  const ref = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (ref.current !== null) ref.current.indeterminate = isMixed;
  }, [isMixed]);
  return (
    <label className={classNames('flex min-w-0 items-start gap-2 has-disabled:opacity-60', className)}>
      <span className={classNames('flex shrink-0 items-center justify-center', isLabelHidden ? 'size-6' : 'h-5')}>
        <input
          {...rest}
          ref={ref}
          type="checkbox"
          onChange={({ target }) => onCheck(target.checked)}
          className="size-4 accent-accent"
        />
      </span>
      <span className={isLabelHidden ? 'sr-only' : 'flex min-w-0 flex-col'}>
        <span>{label}</span>
        {hint !== undefined && <span className="text-mute">{hint}</span>}
      </span>
    </label>
  );
}
