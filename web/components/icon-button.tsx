import type { ButtonHTMLAttributes, Ref } from 'react';
import { classNames } from '../lib/class-names.ts';
import { Icon, type IconName } from './icons.tsx';
import { useKeptFocus } from './kept-focus.ts';
import { PendingMark } from './pending-mark.tsx';

export interface IconButtonProps extends Omit<ButtonHTMLAttributes<HTMLButtonElement>, 'type' | 'children'> {
  icon: IconName;
  /** Its name for screen readers, and its tooltip. */
  label: string;
  isPending?: boolean;
  ref?: Ref<HTMLButtonElement>;
}

/** A button with only an icon, 28 px wide. */
export function IconButton({ icon, label, isPending = false, disabled, className, ...rest }: IconButtonProps) {
  const focus = useKeptFocus(disabled === true || isPending, rest);
  return (
    <button
      {...rest}
      {...focus}
      type="button"
      aria-label={label}
      data-tip={label}
      aria-busy={isPending || undefined}
      className={classNames(
        'inline-flex size-7 shrink-0 items-center justify-center rounded-control text-mute transition-colors duration-100 not-aria-disabled:hover:bg-hover not-aria-disabled:hover:text-ink aria-disabled:opacity-50 aria-pressed:bg-hover aria-pressed:text-ink pointer-coarse:size-11',
        className,
      )}
    >
      {isPending ? <PendingMark /> : <Icon name={icon} />}
    </button>
  );
}
