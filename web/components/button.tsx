import type { ButtonHTMLAttributes, ReactNode, Ref } from 'react';
import { classNames } from '../lib/class-names.ts';
import { Icon, type IconName } from './icons.tsx';
import { useKeptFocus } from './kept-focus.ts';
import { PendingMark } from './pending-mark.tsx';

/** `primary`: the one action of a place. `quiet`: without an edge, for rows and bars. */
export type ButtonKind = 'primary' | 'normal' | 'quiet' | 'danger';

export interface ButtonProps extends Omit<ButtonHTMLAttributes<HTMLButtonElement>, 'type'> {
  kind?: ButtonKind;
  /** `small` is for rows, bars and panels. */
  size?: 'normal' | 'small';
  icon?: IconName;
  /** Its command is under way: the button waits and cannot be pressed. */
  isPending?: boolean;
  /** Shown behind the text, as in `n`. Give the same key to `useShortcuts`. */
  keyHint?: string;
  type?: 'button' | 'submit';
  ref?: Ref<HTMLButtonElement>;
  children: ReactNode;
}

const KINDS: Readonly<Record<ButtonKind, string>> = {
  primary: 'border-transparent bg-accent text-on-accent font-strong not-aria-disabled:hover:brightness-110',
  normal: 'border-line bg-raised not-aria-disabled:hover:bg-hover',
  quiet: 'border-transparent not-aria-disabled:hover:bg-hover',
  danger: 'border-line bg-raised text-bad not-aria-disabled:hover:bg-bad-soft',
};

/** A button with words. For one with only an icon use `IconButton`. */
export function Button({
  kind = 'normal',
  size = 'normal',
  icon,
  isPending = false,
  keyHint,
  type = 'button',
  disabled,
  className,
  children,
  ...rest
}: ButtonProps) {
  const focus = useKeptFocus(disabled === true || isPending, rest);
  return (
    <button
      {...rest}
      {...focus}
      // oxlint-disable-next-line react/button-has-type -- a literal of its own type
      type={type}
      aria-busy={isPending || undefined}
      className={classNames(
        'inline-flex shrink-0 items-center justify-center gap-1.5 rounded-control border whitespace-nowrap transition-colors duration-100 aria-disabled:opacity-50 pointer-coarse:min-h-11',
        size === 'small' ? 'h-7 px-2 text-body' : 'h-8 px-3 text-body',
        KINDS[kind],
        className,
      )}
    >
      {isPending ? <PendingMark /> : icon !== undefined && <Icon name={icon} />}
      {children}
      {keyHint !== undefined && (
        <kbd aria-hidden="true" className="ml-1 hidden opacity-70 wide:inline">
          {keyHint}
        </kbd>
      )}
    </button>
  );
}
