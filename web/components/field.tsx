import { useId, type InputHTMLAttributes, type ReactNode, type Ref, type TextareaHTMLAttributes } from 'react';
import { classNames } from '../lib/class-names.ts';
import { Icon } from './icons.tsx';
import { StatusShape } from './status.tsx';

/** The ids and states that the control of a field needs. */
export interface FieldControl {
  id: string;
  'aria-describedby': string | undefined;
  'aria-invalid': true | undefined;
}

export interface FieldProps {
  label: ReactNode;
  /** One sentence below the control. */
  hint?: ReactNode;
  /** Replaces the hint: why the value is refused. */
  error?: ReactNode;
  /** Stands before the hint: what may go wrong with the value. */
  warning?: ReactNode;
  /** Hides the label from sight, not from screen readers. */
  isLabelHidden?: boolean;
  className?: string;
  children: (control: FieldControl) => ReactNode;
}

/** The look of a control with an edge. */
export const CONTROL =
  'h-8 w-full min-w-0 rounded-control border border-edge bg-canvas px-2 text-form text-ink placeholder:text-mute disabled:opacity-60 [&[readonly]]:border-line [&[readonly]]:bg-panel aria-invalid:border-bad pointer-coarse:min-h-11';

/** A label, a control, and a hint or an error. */
export function Field({ label, hint, error, warning = null, isLabelHidden = false, className, children }: FieldProps) {
  const id = useId();
  const note = error ?? hint;
  const hasNote = note !== undefined && note !== null;
  const isBad = error !== undefined && error !== null;
  const warns = warning !== null && !isBad;
  const notes = [warns ? `${id}-warning` : '', hasNote ? `${id}-note` : ''].filter((note) => note !== '').join(' ');
  return (
    <div className={classNames('flex min-w-0 flex-col gap-1', className)}>
      <label htmlFor={id} className={isLabelHidden ? 'sr-only' : 'text-body font-strong'}>
        {label}
      </label>
      {children({ id, 'aria-describedby': notes === '' ? undefined : notes, 'aria-invalid': isBad || undefined })}
      {warns && (
        <p id={`${id}-warning`} className="flex items-start gap-1.5 text-body">
          <span className="flex h-5 items-center">
            <StatusShape of="warn" />
          </span>
          <span className="min-w-0 break-words">{warning}</span>
        </p>
      )}
      {hasNote && (
        <p
          id={`${id}-note`}
          className={classNames('flex items-start gap-1 text-body', isBad ? 'text-bad' : 'text-mute')}
        >
          {isBad && <Icon name="warning" size={14} className="mt-0.5" />}
          <span className="min-w-0 break-words">{note}</span>
        </p>
      )}
    </div>
  );
}

type Labels = Pick<FieldProps, 'label' | 'hint' | 'error' | 'warning' | 'isLabelHidden'>;

export interface TextFieldProps extends Labels, Omit<InputHTMLAttributes<HTMLInputElement>, 'children'> {
  /** For paths, numbers of options, and other text of programs. */
  isMono?: boolean;
  /** Shown at the end inside the control: a unit, or a button. */
  end?: ReactNode;
  ref?: Ref<HTMLInputElement>;
}

/** A field for one line of text. */
export function TextField({
  label,
  hint,
  error,
  warning,
  isLabelHidden,
  isMono = false,
  end,
  className,
  ...rest
}: TextFieldProps) {
  return (
    <Field {...{ label, hint, error, warning, isLabelHidden: isLabelHidden ?? false }} className={className ?? ''}>
      {(control) => (
        <span className="relative flex items-center">
          <input
            {...rest}
            {...control}
            className={classNames(CONTROL, isMono && 'font-mono', end !== undefined && 'pr-9')}
          />
          {end !== undefined && <span className="absolute right-1 flex items-center text-body text-mute">{end}</span>}
        </span>
      )}
    </Field>
  );
}

export interface TextAreaProps extends Labels, Omit<TextareaHTMLAttributes<HTMLTextAreaElement>, 'children'> {
  isMono?: boolean;
  ref?: Ref<HTMLTextAreaElement>;
}

/** A field for many lines. It grows with its text. */
export function TextArea({
  label,
  hint,
  error,
  warning,
  isLabelHidden,
  isMono = false,
  className,
  ...rest
}: TextAreaProps) {
  return (
    <Field {...{ label, hint, error, warning, isLabelHidden: isLabelHidden ?? false }} className={className ?? ''}>
      {(control) => (
        <textarea
          rows={3}
          {...rest}
          {...control}
          className={classNames(CONTROL, 'field-sizing-content h-auto min-h-16 py-1.5', isMono && 'font-mono')}
        />
      )}
    </Field>
  );
}
