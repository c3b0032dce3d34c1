import { useState, type ButtonHTMLAttributes, type FocusEvent, type MouseEvent } from 'react';

type ButtonProps = ButtonHTMLAttributes<HTMLButtonElement>;

/**
 * Props of a button that keeps the focus while it cannot be pressed. The browser takes the focus from a disabled element,
 * and then the keyboard has no place: a pressed button would lose it as soon as its command is under way.
 *
 * @param isDisabled Whether the button cannot be pressed now.
 */
export function useKeptFocus(isDisabled: boolean, { onClick, onFocus, onBlur }: ButtonProps) {
  const [hasFocus, setFocus] = useState(false);
  return {
    disabled: isDisabled && !hasFocus,
    'aria-disabled': isDisabled || undefined,
    onClick: (event: MouseEvent<HTMLButtonElement>): void => {
      // Also the form of a submit button is not sent.
      if (isDisabled) event.preventDefault();
      else onClick?.(event);
    },
    onFocus: (event: FocusEvent<HTMLButtonElement>): void => {
      setFocus(true);
      onFocus?.(event);
    },
    onBlur: (event: FocusEvent<HTMLButtonElement>): void => {
      // A window that is left takes the focus with it, and gives it back.
      setFocus(document.activeElement === event.currentTarget);
      onBlur?.(event);
    },
  };
}
