import { useEffect, useId, useRef, type ReactNode } from 'react';
import { classNames } from '../lib/class-names.ts';
import { useWords } from '../lib/language.ts';
import { partsWords } from '../words/parts.ts';
import { IconButton } from './icon-button.tsx';
import { useLostFocus } from './lost-focus.ts';

export interface DialogProps {
  title: ReactNode;
  /** Called for Escape, the cross, and a click outside. */
  onClose: () => void;
  /** Buttons, the main one last. */
  footer?: ReactNode;
  /** `drawer` comes from the right and fills the height, for details of a row. */
  place?: 'middle' | 'drawer';
  /** Pixels; default 480. */
  width?: number;
  /** Without it, neither Escape nor a click outside closes the dialog. */
  canClose?: boolean;
  children: ReactNode;
}

/**
 * A modal window on the platform's `<dialog>`. Render it while it is open. Focus returns to the element that had it.
 */
export function Dialog({
  title,
  onClose,
  footer,
  place = 'middle',
  width = 480,
  canClose = true,
  children,
}: DialogProps) {
  const ref = useRef<HTMLDialogElement>(null);
  const id = useId();
  const words = useWords(partsWords);
  useEffect(() => {
    const dialog = ref.current;
    if (dialog === null) return undefined;
    const opener = document.activeElement;
    if (!dialog.open) dialog.showModal();
    if (place === 'middle') firstIn(dialog)?.focus();
    return () => {
      dialog.close();
      if (opener instanceof HTMLElement && opener.isConnected) opener.focus();
    };
  }, [place]);
  const focused = useLostFocus(() => ref.current?.querySelector<HTMLElement>(':scope > header button')?.focus());
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions, jsx-a11y/click-events-have-key-events -- Escape closes it too
    <dialog
      ref={ref}
      aria-labelledby={`${id}-title`}
      onFocus={focused}
      onCancel={(event) => {
        event.preventDefault();
        if (canClose) onClose();
      }}
      onClick={({ target, currentTarget }) => {
        if (canClose && target === currentTarget) onClose();
      }}
      style={{ width: `min(${width}px, 100vw)` }}
      className={classNames(
        'flex-col bg-raised shadow-float backdrop:bg-scrim open:flex',
        place === 'drawer'
          ? 'slid mt-0 mr-0 mb-0 ml-auto h-dvh border-l border-line'
          : 'popped mx-auto mt-auto mb-0 max-h-[90dvh] rounded-t-panel border border-line wide:mt-[12vh] wide:max-h-[76vh] wide:rounded-panel',
      )}
    >
      <header className="flex items-center gap-2 border-b border-line py-2 pr-2 pl-4">
        <h2 id={`${id}-title`} className="min-w-0 grow truncate text-section font-strong">
          {title}
        </h2>
        {canClose && <IconButton icon="cross" label={words.close} onClick={onClose} />}
      </header>
      <div className="min-h-0 grow overflow-y-auto p-4">{children}</div>
      {footer !== undefined && (
        <footer className="flex flex-wrap justify-end gap-2 border-t border-line px-4 py-3">{footer}</footer>
      )}
    </dialog>
  );
}

/** Fields in which one types or chooses. */
const FIELDS = 'input:not([type=file], [type=hidden], :disabled), select:not(:disabled), textarea:not(:disabled)';

/** The element that gets the focus: the marked or first field, or else the first button at the bottom, which cancels. */
function firstIn(dialog: HTMLDialogElement): HTMLElement | null {
  const marked = dialog.querySelector<HTMLElement>('[data-focus-first]');
  if (marked !== null) return marked;
  const fields = dialog.querySelectorAll<HTMLElement>(`:scope > div :is(${FIELDS})`);
  const field = [...fields].find((each) => each.checkVisibility());
  return field ?? dialog.querySelector<HTMLElement>(':scope > footer button:not(:disabled)');
}

/** Details of one thing beside its list, from the right. */
export function Drawer(props: Omit<DialogProps, 'place'>) {
  return <Dialog width={560} {...props} place="drawer" />;
}
